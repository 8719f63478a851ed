/**
 * How lines are read, one example a row: the tables and examples of the facts about the language, and what the
 * real program (2.2.7) was seen to do in their corners.
 */

/** Lines and the words they are read as, for the configuration id `me`. */
export interface Row {
  readonly text: string
  /** The words of each line, with a brace that ends it. */
  readonly lines: readonly (readonly string[])[]
  /** Diagnostics of reading, in order. */
  readonly codes?: readonly string[]
  /** Why keepalived 2.2.7 reads other lines. */
  readonly differs?: string
}

/** Bytes to lines to words (section 1). */
export const WORDS: readonly Row[] = [
  { text: 'alpha#b', lines: [['alpha']] },
  {
    text: 'esc\\!x',
    lines: [['esc!x']],
    codes: ['differs-from-keepalived'],
    differs: '2.2.7 ends the line at the mark, outside global_defs',
  },
  { text: '"ga mma" rest', lines: [['ga mma', 'rest']] },
  { text: 'de"lta x"y', lines: [['de', 'lta x', 'y']] },
  { text: 'a"b"c', lines: [['a', 'b', 'c']] },
  { text: "'sq w' r", lines: [["'sq", "w'", 'r']] },
  {
    text: 'kw_one \\\nkw_two',
    lines: [['kw_one'], ['kw_two']],
    codes: ['line-continuation'],
    differs: 'the backslash is part of the word there; it is reported and left out here',
  },
  { text: 'global_defs { router_id a }', lines: [['global_defs', '{'], ['router_id', 'a'], ['}']] },
  { text: 'global_defs\n{\n}', lines: [['global_defs'], ['{'], ['}']] },
  { text: '  \t lead', lines: [['lead']] },
  { text: 'a\\b c\\', lines: [['a\\b', 'c']], codes: ['line-continuation'] },
  { text: '"a # b ! c" d # e', lines: [['a # b ! c', 'd']] },
  { text: '"a \\# b" c', lines: [['a \\# b', 'c']] },
  { text: 'a "b c\nd', lines: [['a'], ['d']], codes: ['unterminated-quote'] },
  { text: 'a }b{ c', lines: [['a'], ['}'], ['b', '{'], ['c']] },
  { text: 'a "{" b', lines: [['a', '{', 'b']] },
]

/** Conditional lines (section 3). */
export const CONDITIONS: readonly Row[] = [
  { text: '@me c_yes', lines: [['c_yes']] },
  { text: '@you c_no', lines: [] },
  { text: '@^me c_no2', lines: [] },
  { text: '@^you c_yes2', lines: [['c_yes2']] },
  { text: '@me\nx', lines: [['x']] },
  { text: '@me   \nx', lines: [['x']] },
  { text: '@ME x\n@m x\n@mee x', lines: [] },
  { text: '@ me x\n@^ me y', lines: [['me', 'y']] },
  { text: '@me\tx', lines: [['x']] },
  { text: '   \t@you y\n   \t@me z', lines: [['z']] },
  { text: 'x @you y', lines: [['x', '@you', 'y']] },
  { text: '"@you" y', lines: [['@you', 'y']] },
  // Blank and tab alone are blank here.
  {
    text: '@me\fx y\n\f@you x\na { \v@you y',
    lines: [
      ['@you', 'x'],
      ['a', '{'],
      ['@you', 'y'],
    ],
  },
  { text: '@me# c\n@me #c', lines: [] },
  { text: '@^^me x', lines: [['x']] },
  { text: '@me @^you @me x', lines: [['x']], differs: '2.2.7 takes the second condition for a word' },
  { text: '@me @you x', lines: [], differs: '2.2.7 takes the second condition for a word' },
  { text: '@me $A=1\n@you $A=2\nx_$A', lines: [['x_1']] },
  { text: '@me ~SEQ(N,1,2) a_$N\n@you ~SEQ(N,1,2) b_$N', lines: [['a_1'], ['a_2']] },
  { text: 'a { @me x\n@you y }\nz', lines: [['a', '{'], ['x'], ['z']] },
  { text: 'a { @you x } y\nz', lines: [['a', '{'], ['z']] },
  { text: '@you c { d }', lines: [] },
  // What is substituted comes too late for the condition, and in time for a condition of its own.
  { text: '$I=me\n@$I x\n@${I} y\n@^$I z', lines: [['z']] },
  { text: '$C=@you\n$C x\n${C} z', lines: [] },
  { text: '$C=@me\nx { $C y }', lines: [['x', '{'], ['y'], ['}']] },
  { text: '$D=@me\n$D y', lines: [['y']], differs: '2.2.7 reads memory that it has given back' },
  {
    text: '@you $M=k1 \\\nk2',
    lines: [['k2']],
    codes: ['continuation-not-dropped'],
  },
  { text: '@me $M=l1 \\\nl2\na $M', lines: [['a', 'l1'], ['l2']] },
]

const A = '$A=x1\n'
const M = '$M= l1 \\\n l2 \\\n l3\n'
const HUNDRED = '0123456789'.repeat(10)

/** Definitions and references (section 5). */
export const REFERENCES: readonly Row[] = [
  { text: `${A}w_$A`, lines: [['w_x1']] },
  { text: `${A}w_$A-`, lines: [['w_$A-']] },
  { text: `${A}w_\${A}-`, lines: [['w_x1-']] },
  { text: `${A}u_$UNDEF v`, lines: [['u_$UNDEF', 'v']] },
  { text: `${A}$A =no`, lines: [['x1', '=no']] },
  { text: `${M}m $M`, lines: [['m', 'l1'], ['l2'], ['l3']] },
  { text: '$E=a # c\nz_$E', lines: [['z_a']] },
  { text: '$E=a # c\n$D=$E.1\nz_${D}', lines: [['z_$E.1']] },
  // Boundaries: a blank, a tab, a comma, a closing parenthesis, the end.
  { text: `${A}a$A b$A\tc$A,d ($A) e$A`, lines: [['ax1', 'bx1', 'cx1,d', '(x1)', 'ex1']] },
  { text: `${A}a$A. b$A/24 c$A; d$A: e$A= [$A] f$A"g"`, lines: [['a$A.', 'b$A/24', 'c$A;', 'd$A:', 'e$A=', '[$A]', 'f$A', 'g']] },
  { text: `${A}a$A{`, lines: [['a$A', '{']] },
  { text: `${A}a$A }`, lines: [['ax1'], ['}']] },
  { text: `${A}$B=y1\n_$A$B \${A}\${B} $A\${B} \${A}$B`, lines: [['_$Ay1', 'x1y1', '$Ay1', 'x1y1']] },
  { text: `${A}$AB=x2\n1$AB 2\${AB}c 3\${A}B 4$ABC`, lines: [['1x2', '2x2c', '3x1B', '4$ABC']] },
  { text: `${A}\\$A \\\${A}`, lines: [['\\x1', '\\x1']] },
  { text: `${A}"x \${A} $A y" "$A"`, lines: [['x x1 x1 y', '$A']] },
  { text: `${A}_\${ A} \${A x}`, lines: [['_$', '{'], ['A'], ['}'], ['$', '{'], ['A', 'x'], ['}']] },
  { text: `${A}_\${A } z`, lines: [['_x1', 'z']], differs: '2.2.7 leaves the brace in the text' },
  {
    text: `${A}x $\n$= y\n$1 z`,
    lines: [
      ['x', '$'],
      ['$=', 'y'],
      ['$1', 'z'],
    ],
  },
  // Names.
  { text: '$_=y\n$_9=z\n_$_ _$_9', lines: [['_y', '_z']] },
  { text: '$1=x\n$a-b=q', lines: [['$1=x'], ['$a-b=q']] },
  { text: `${A}$N=A\n2$\${N} 3$$N`, lines: [['2x1', '3x1']] },
  // Texts.
  { text: '$E=\n$F=   \n_${E}y _$E _${F}z', lines: [['_y', '_', '_z']] },
  { text: '$A= x  y  \n_${A}z', lines: [['_x', 'yz']] },
  { text: '$Q="a b"\n1$Q 2${Q}x "5 ${Q}"', lines: [['1', 'a b', '2', 'a b', 'x', '5 ', 'a', 'b', '']] },
  { text: '$Q="a # b"\n1$Q 2', lines: [['1', 'a # b', '2']] },
  { text: '$A=x { y }\n$A\nz', lines: [['x', '{'], ['y'], ['}'], ['z']] },
  { text: 'a { $A=5 }\nx_$A\nz', lines: [['a', '{'], ['x_5'], ['}'], ['z']] },
  { text: 'a { b } $A=5\nx_$A', lines: [['a', '{'], ['b'], ['}'], ['x_5']] },
  { text: 'x $A=5\ny_$A', lines: [['x', '$A=5'], ['y_$A']] },
  { text: '$H=a#b\n1$H c', lines: [['1a', 'c']] },
  { text: '$Q="\na ${Q}b c" d', lines: [['a', 'b c', 'd']], codes: ['unterminated-quote', 'unterminated-quote'] },
  { text: '$Q="a\nx$Q\ny', lines: [['x'], ['y']], codes: ['unterminated-quote', 'unterminated-quote'] },
  { text: '$A=x\na_$A "b { c\nd', lines: [['a_x'], ['d']], codes: ['unterminated-quote'] },
  // A mark that a backslash protected is plain, and then a mark like any other for the second removal of comments.
  {
    text: `${A}a\\#b $A c`,
    lines: [['a']],
    codes: ['no-effect'],
  },
  { text: 'global_defs {\na\\#b $X\n}', lines: [['global_defs', '{'], ['a#b', '$X'], ['}']] },
  // The latest definition counts, from there on; texts are expanded where they are used.
  { text: `${A}1$A\n$A=x2\n2$A\n$A=\n3$A`, lines: [['1x1'], ['2x2'], ['3']] },
  { text: '$B=p$A\n1$B\n$A=x1\n2$B\n$A=x2\n3$B', lines: [['1p$A'], ['2px1'], ['3px2']] },
  { text: `${A}$B=<$A >\n$C=<\${B}>\n1$C 2\${C}`, lines: [['1<<x1', '>>', '2<<x1', '>>']] },
  { text: '$N=$M=5\n$N\n1$M', lines: [['15']] },
  { text: '$A=B\n$${A}=7\n${A}=8\n1$B', lines: [['B=8'], ['17']] },
  // Several lines.
  { text: `${M}n_\${M}\nafter`, lines: [['n_l1'], ['l2'], ['l3'], ['after']] },
  { text: `${M}m $M   # c`, lines: [['m', 'l1'], ['l2'], ['l3']] },
  {
    text: `${M}m $M t1\nn $M,`,
    lines: [
      ['m', '$M', 't1'],
      ['n', '$M,'],
    ],
    codes: ['reference-not-last', 'reference-not-last'],
  },
  // A comment that comes with a reference lets another one end the line.
  { text: `${M}m $M \${_HASH} n`, lines: [['m', 'l1'], ['l2'], ['l3']] },
  { text: `${A}m $A\${_HASH}`, lines: [['m', 'x1']] },
  { text: `${M}o \${M}x`, lines: [['o', '$', '{'], ['M'], ['}'], ['x']], codes: ['reference-not-last'] },
  { text: `${M}a $M $M`, lines: [['a', '$M', 'l1'], ['l2'], ['l3']], codes: ['reference-not-last'] },
  { text: `${M}"m $M"`, lines: [['m $M']] },
  { text: `${M}a { $M\nb $M }`, lines: [['a', '{'], ['l1'], ['l2'], ['l3'], ['b', '$M'], ['}']], codes: ['reference-not-last'] },
  { text: '$M=\\\nl1 \\\nl2\n$M\nx $M\ny${M}', lines: [['l1'], ['l2'], ['x', 'l1'], ['l2'], ['yl1'], ['l2']] },
  { text: '$M=l1 \\\n\nl2\nafter $M', lines: [['l2'], ['after', 'l1']] },
  { text: '$M=l1 \\\n   \\\nl2\na $M', lines: [['a', 'l1'], ['l2']] },
  { text: '$M=l1 \\\n# comment \\\nl2 \\\nl3 # c \\\nl4\na $M', lines: [['a', 'l1'], ['l2'], ['l3'], ['l4']] },
  {
    text: '$M=l1 \\\n! comment\nl2\na $M',
    lines: [['l2'], ['a', 'l1']],
    differs: 'the parent process of 2.2.7 passes over the comment; its children, who act on the text, do not',
  },
  { text: '$M=l1 \\  \nl2\\\t\r\nl3\na $M', lines: [['a', 'l1'], ['l2'], ['l3']] },
  { text: '$M=x \\\f\ny\n\f$A=5', lines: [['y'], ['$A=5']] },
  { text: '$M=  l1  \\\n\t  l2   x  \\\n  l3  \na $M', lines: [['a', 'l1'], ['l2', 'x'], ['l3']] },
  { text: '$M=l1 \\\n$B=5 \\\nl2_$B \\\nl3\na $M\nc_$B', lines: [['a', 'l1'], ['l2_5'], ['l3'], ['c_5']] },
  { text: '$M=$B=5 \\\nl2_$B\n$M\na $M\nc_$B', lines: [['l2_5'], ['a', '$B=5'], ['l2_5'], ['c_5']] },
  { text: '$M=l1 \\\n$B=b1 \\\\\nb2 \\\nl3\na $M\nc $B', lines: [['a', 'l1'], ['l3'], ['c', 'b1'], ['b2']] },
  { text: '$N=n1 \\\nn2\n$M=l1 \\\n$N \\\nl3_$N \\\nl4\na $M', lines: [['a', 'l1'], ['n1'], ['n2'], ['l3_n1'], ['n2'], ['l4']] },
  { text: '$M=l1 \\\n~SEQ(I,1,2) s_$I \\\nl3\na $M', lines: [['a', 'l1'], ['s_1'], ['s_2'], ['l3']] },
  { text: '$M=l1 \\\n@you l2 \\\n@me l3\na $M', lines: [['a', 'l1'], ['l3']] },
  { text: '$M=l1 \\\nl2\n$L=q $M\na_$L\nb $L c', lines: [['a_q', 'l1'], ['l2'], ['b', 'q', '$M', 'c']], codes: ['reference-not-last'] },
  { text: 'a { $M=l1 \\\nl2\nb $M', lines: [['a', '{'], ['b', 'l1'], ['l2']] },
  { text: '$M=l1 \\\n$E \\\nl3\n$E=\na $M', lines: [['a', 'l1'], ['l3']] },
  { text: 'a\n$M=l1 \\', lines: [['a']] },
  {
    text: '$M=l1 \\\n$M=k1 \\\nl2_$M\na $M\nb $M',
    lines: [['a', 'l1'], ['l2_k1'], ['b', 'k1']],
    differs: '2.2.7 reads memory that it has given back',
  },
  {
    text: 'global_defs {\n$M=x \\\na\\#b c \\\nd\ny $M\n}',
    lines: [['global_defs', '{'], ['y', 'x'], ['a#b', 'c'], ['d'], ['}']],
  },
  // The line buffer: 1,023 octets.
  {
    text: `$A=${HUNDRED}\nb_${'${A}'.repeat(10)}${'0'.repeat(21)}`,
    lines: [[`b_${HUNDRED.repeat(10)}${'0'.repeat(21)}`]],
  },
  {
    text: `$A=${HUNDRED}\nb_${'${A}'.repeat(10)}${'0'.repeat(22)}`,
    lines: [[`b_${HUNDRED.repeat(9)}$`, '{'], ['A'], ['}'], ['0'.repeat(22)]],
    codes: ['expansion-too-long'],
  },
]

/** Predefined names (section 5). */
export const PREDEFINED: readonly Row[] = [
  { text: 'i_${_INSTANCE} j_$_INSTANCE', lines: [['i_me', 'j_me']] },
  { text: 'rn_${_RANDOM 5 5}', lines: [['rn_5']] },
  { text: 'rn_${_RANDOM 9 2}', lines: [['rn_9']], codes: ['invalid-reference'], differs: '2.2.7 computes a value out of range' },
  {
    text: 'rn_${_RANDOM x}',
    lines: [['rn_$', '{'], ['_RANDOM', 'x'], ['}']],
    codes: ['invalid-reference'],
  },
  {
    text: 'rn_${_RANDOM 1 2 3}',
    lines: [['rn_$', '{'], ['_RANDOM', '1', '2', '3'], ['}']],
    codes: ['invalid-reference'],
    differs: '2.2.7 passes over the third',
  },
  { text: 'rn_${_RANDOM 0x10 0x10}', lines: [['rn_$', '{'], ['_RANDOM', '0x10', '0x10'], ['}']], codes: ['invalid-reference'] },
  { text: 'rn_${_RANDOM 010 010}', lines: [['rn_10']] },
  { text: 'rn_${_RANDOM -5 -5}', lines: [['rn_$', '{'], ['_RANDOM', '-5', '-5'], ['}']], codes: ['invalid-reference'] },
  { text: 'e2_${_ENV NOTSET}_q', lines: [['e2__q']], differs: '2.2.7 does not know _ENV' },
  { text: 'e_${_ENV KA_TEST_NAME}', lines: [['e_from', 'outside']], differs: '2.2.7 does not know _ENV' },
  { text: 'e_${_ENV}', lines: [['e_$', '{'], ['_ENV'], ['}']], codes: ['invalid-reference'] },
  { text: '"q_${_HASH}x y"', lines: [['q_#x y']] },
  { text: '"q_${_BANG}x $_HASH y"', lines: [['q_!x # y']] },
  { text: 'q_${_HASH}x y', lines: [['q_']] },
  { text: 'q_${_BANG}x y', lines: [['q_']] },
  { text: 'q_${_HASH x}', lines: [['q_$', '{'], ['_HASH', 'x'], ['}']], codes: ['invalid-reference'] },
  { text: '$_INSTANCE=zz\n$_HASH=qq\n1${_INSTANCE} 2$_INSTANCE 3${_HASH}', lines: [['1zz', '2zz', '3qq']] },
]

/** Sequences (section 6). */
export const SEQUENCES: readonly Row[] = [
  { text: '~SEQ(N,1,3) s_${N}', lines: [['s_1'], ['s_2'], ['s_3']] },
  { text: '~SEQ(N,3) t_${N}', lines: [['t_1'], ['t_2'], ['t_3']] },
  { text: '~SEQ(N,5,-2,1) d_${N}', lines: [['d_5'], ['d_3'], ['d_1']] },
  { text: '~SEQx(N,8,4,16) h_${N}', lines: [['h_8'], ['h_c'], ['h_10']] },
  { text: '~LST(Q,a,b) l_$Q', lines: [['l_a'], ['l_b']] },
  { text: '~LST({P,Q},{a,1},{b}) l_${P}_${Q}', lines: [['l_a_1'], ['l_b_']] },
  { text: '~SEQ(I,1,2) ~LST(J,x,y) n_${I}_${J}', lines: [['n_1_x'], ['n_1_y'], ['n_2_x'], ['n_2_y']] },
  { text: '~SEQ(Z,1,0,3) bad\nafter', lines: [['after']], codes: ['invalid-sequence'] },
  // Defaults.
  { text: '~SEQ(N,0) a_$N', lines: [['a_1'], ['a_0']] },
  { text: '~SEQ(N,-2) b_$N', lines: [['b_-1'], ['b_-2']] },
  { text: '~SEQ(N,-1) b_$N', lines: [['b_-1']] },
  { text: '~SEQ(N,3,1) c_$N', lines: [['c_3'], ['c_2'], ['c_1']] },
  { text: '~SEQ(N,2,2) e_$N', lines: [['e_2']] },
  { text: '~SEQ(N,) s_$N', lines: [['s_1'], ['s_0']] },
  // END is included when it is reached exactly.
  { text: '~SEQ(N,1,2,6) d_$N', lines: [['d_1'], ['d_3'], ['d_5']] },
  { text: '~SEQ(N,1,5,3) d_$N', lines: [['d_1']] },
  { text: '~SEQ(N,2,-1,2) a_$N', lines: [['a_2']] },
  // Steps that never arrive, and other mistakes: the line is dropped.
  { text: '~SEQ(N,1,-1,3) a_$N\n~SEQ(N,3,1,1) b_$N', lines: [], codes: ['invalid-sequence', 'invalid-sequence'] },
  { text: '~SEQ(N,2,0,2) a\n~SEQ(N,1,,3) b', lines: [], codes: ['invalid-sequence', 'invalid-sequence'] },
  { text: '~SEQ(N,1,3 s_${N}\n~SEQ N,1,3) s\n~SEQ(N) s_$N', lines: [], codes: Array<string>(3).fill('invalid-sequence') },
  { text: '~SEQ() s\n~SEQ(,1,3) s\n~SEQ(N,1,2,3,4) s\n~SEQ(N,a,3) s', lines: [], codes: Array<string>(4).fill('invalid-sequence') },
  { text: '~SEQ\n~SEQ(\n~LST\n~SEQx\n~SEQX(N,1,2) f', lines: [], codes: Array<string>(5).fill('invalid-sequence') },
  { text: '~FOO(N,1,2) x\n~\n~seq(N,1,2) y', lines: [['~FOO(N,1,2)', 'x'], ['~'], ['~seq(N,1,2)', 'y']] },
  // Numbers.
  { text: '~SEQ(N,0x1,0X2) a_$N\n~SEQ(N,010,011) b_$N\n~SEQ(N,+1,+1) c_$N', lines: [['a_1'], ['a_2'], ['b_8'], ['b_9'], ['c_1']] },
  { text: '~SEQ(N,-0x2,-1) g_$N\n~SEQ(N,-3,2,1) h_$N', lines: [['g_-2'], ['g_-1'], ['h_-3'], ['h_-1'], ['h_1']] },
  { text: '~SEQ(N,08,9) c\n~SEQ(N,1.5,2) e\n~SEQ(N,0xG,2) f', lines: [], codes: Array<string>(3).fill('invalid-sequence') },
  { text: '~SEQ(N,99999999999,99999999999) h_$N', lines: [['h_99999999999']] },
  {
    text: '~SEQ(N,9223372036854775807,9223372036854775807) i_$N',
    lines: [['i_9223372036854775807']],
    differs: '2.2.7 counts on without end',
  },
  { text: '~SEQ(N,9223372036854775808) i_$N', lines: [], codes: ['invalid-sequence'], differs: '2.2.7 counts up to the highest number' },
  { text: '~SEQx(N,254,256) b_$N\n~SEQx(N,1,0) e_$N', lines: [['b_fe'], ['b_ff'], ['b_100'], ['e_1'], ['e_0']] },
  { text: '~SEQx(N,-2,1) a_$N', lines: [], codes: ['invalid-sequence'] },
  { text: '$B=2\n$E=4\n~SEQ(N,$B,$E) a_$N\n~SEQ(N,${B}0,21) c_$N', lines: [['a_2'], ['a_3'], ['a_4'], ['c_20'], ['c_21']] },
  { text: '$P=1,2\n~SEQ(N,$P) a_$N', lines: [['a_1'], ['a_2']] },
  // Spelling.
  { text: '~SEQ( N , 1 , 2 ) a_$N\n~SEQ (N,1,1) b_$N\n~SEQ(N,1,1)c_$N', lines: [['a_1'], ['a_2'], ['b_1'], ['c_1']] },
  { text: '~SEQ(N,1,2)\n~SEQ(N,1,3)  # x\nx$N', lines: [['x3']] },
  { text: '~SEQ(N,1,2) a(x)_$N', lines: [['a(x)_1'], ['a(x)_2']] },
  { text: '~SEQ(1N,1,2) x', lines: [['x'], ['x']], codes: ['no-effect'] },
  { text: '\f~SEQ(N,1,2) x', lines: [['~SEQ(N,1,2)', 'x']] },
  { text: 'a ~SEQ(N,1,2) b', lines: [['a', '~SEQ(N,1,2)', 'b']] },
  { text: '"~SEQ(N,1,2)" b', lines: [['~SEQ(N,1,2)', 'b']] },
  // Values of lists.
  { text: '~LST(Q,a,,b) e_$Q\n~LST(Q,) c_$Q\n~LST(Q, a , b ) f_$Q', lines: [['e_a'], ['e_'], ['e_b'], ['c_'], ['f_a'], ['f_b']] },
  { text: '~LST( {P, Q} , {a, 1} , {b, 2} ) c_${P}_${Q}', lines: [['c_a_1'], ['c_b_2']] },
  { text: '~LST({P,Q},a,{,1},{}) f_${P}_${Q}', lines: [['f_a_'], ['f__1'], ['f__']] },
  { text: '~LST({P,P},{a,1}) o_${P}', lines: [['o_1']] },
  { text: '~LST(Q,a.b,1-2,x/y,z:w) c_$Q', lines: [['c_a.b'], ['c_1-2'], ['c_x/y'], ['c_z:w']] },
  { text: '$L=a,b\n~LST(Q,$L,c) c_$Q', lines: [['c_a,b'], ['c_c']] },
  { text: '~LST({P,Q},{a,1,x}) e\n~LST(P,{a,1}) h', lines: [], codes: ['invalid-sequence', 'invalid-sequence'] },
  { text: '~LST(Q) b\n~LST() g\n~LST({P,Q}) m\n~LST(Q,a,b h', lines: [], codes: Array<string>(4).fill('invalid-sequence') },
  { text: '~LST({P,Q},{a,1) k\n~LST({P,Q},{a,1} {b,2}) n\n~LST(Q,"a b",c) b', lines: [], codes: Array<string>(3).fill('invalid-sequence') },
  // The text is a line of its own for every value.
  { text: '~SEQ(N,1,2) a_$N { x_$N }', lines: [['a_1', '{'], ['x_1'], ['}'], ['a_2', '{'], ['x_2'], ['}']] },
  { text: '~SEQ(N,1,2) @me c_$N\n~SEQ(N,1,2) @you d_$N', lines: [['c_1'], ['c_2']] },
  { text: '~SEQ(I,1,2) @me ~SEQ(J,1,2) n_${I}_${J}', lines: [['n_1_1'], ['n_1_2'], ['n_2_1'], ['n_2_2']] },
  { text: '~SEQ(I,1,3) ~SEQ(J,1,$I) n_${I}_${J}', lines: [['n_1_1'], ['n_2_1'], ['n_2_2'], ['n_3_1'], ['n_3_2'], ['n_3_3']] },
  { text: '~SEQ(I,1,2) ~SEQ(I,5,6) n_${I}', lines: [['n_5'], ['n_6'], ['n_5'], ['n_6']] },
  { text: 'a { ~SEQ(N,1,2) b_$N\n}', lines: [['a', '{'], ['b_1'], ['b_2'], ['}']] },
  {
    text: '~SEQ(I,1,2) "a ${I}" "b $I"',
    lines: [
      ['a 1', 'b $I'],
      ['a 2', 'b $I'],
    ],
  },
  { text: '~SEQ(I,1,2) x_$I#y', lines: [['x_1'], ['x_2']] },
  { text: '~SEQ(N,1,3) $W${N}=q_${N}\nb_${W2}', lines: [['b_q_2']] },
  { text: '$N=7\n$X=$Y=\n$X p_$N\n$N=8\n1$Y', lines: [['1p_7']] },
  { text: '$N=7\nx { ~SEQ(N,1,2) a_$N', lines: [['x', '{'], ['a_7'], ['a_7']] },
  { text: '~SEQ(N,1,3) $W=q_${N}\nb_${W}', lines: [['b_q_3']] },
  { text: '$M=l1_$I \\\nl2_$I\n~SEQ(I,1,2) $M\n~SEQ(I,3,3) t_$M', lines: [['l1_1'], ['l2_1'], ['l1_2'], ['l2_2'], ['t_l1_3'], ['l2_3']] },
  { text: '$M=a_$I \\\n$I=9 \\\nb_$I\n~SEQ(I,1,2) $M\nafter_$I', lines: [['a_1'], ['b_9'], ['a_2'], ['b_9'], ['after_9']] },
  { text: '$S=~SEQ(N,1,2)\n$S a_$N\n$T=~SEQ(N,3,4) b_$N\n$T\nc_$T', lines: [['a_1'], ['a_2'], ['b_3'], ['b_4'], ['c_~SEQ(N,3,4)', 'b_4']] },
  { text: '$N=7\n$S=~SEQ(N,1,2)\n$S a_$N', lines: [['a_1'], ['a_2']] },
  // The variable is set whatever it was, and stays.
  { text: '$N=7\n~SEQ(N,1,2) a_$N\nb_$N\n$N=8\nc_$N', lines: [['a_1'], ['a_2'], ['b_2'], ['c_8']] },
]
