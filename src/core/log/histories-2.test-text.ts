/** Written by `node test/fixtures/transcripts.ts`, and read by people. histories.test-kit.ts says how to read a line. */
export const part: Readonly<Record<string, string>> = {
  "a tail moves to a derived epoch, and its copy comes back": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 9 of 70 bytes
  append 00000001.seg 109+169 278+169 447+131 578+169 747+131 878+131 1009+131 1140+169; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1309+131
push 'wwwwwwwwwwwwwwwwwwww' -> durable, clinic_a/1234/ 10 at 1000063.1
  append 00000001.seg 1440+20259; create checkpoint-b; append checkpoint-b 0+188; syncDirectory
push 3 of 70 bytes
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+169; syncDirectory; replace manifest (135); replace manifest-copy (135); replace 00000001.idx (100); append 00000002.seg 233+169 402+131
mark newEpoch -> durable
  append 00000002.seg 533+42
mark rehome -> durable
  create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+237; syncDirectory; replace manifest (163); replace manifest-copy (163); replace 00000002.idx (98)
push 'fresh' -> durable, clinic_a/4ebc49c4/ 1 at 1000084.1
  append 00000003.seg 301+104
now:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  clinic_a/4ebc49c4/: head 1, chain aa2f, changeOrdinal 19; reads 1-1 of 5 bytes to aa2f
  epoch 4ebc49c4, ordinals 19 of 19, 14 records, 22877 bytes, hlc 1000084.1, trusted 0, arrivals 2-10 13-16 19
  all is read
a reader opens -> needsWriter true, tornBytes 104, copiedBytes 0
it shows:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  epoch 4ebc49c4, ordinals 16 of 18, 13 records, 22773 bytes, hlc 1000084.0, trusted 0, arrivals 2-10 13-16
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 104
  create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+104; syncDirectory; replace manifest (191); replace manifest-copy (191); replace 00000003.idx (80); truncate 00000003.seg 301
it shows:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  clinic_a/4ebc49c4/: head 1, chain aa2f, changeOrdinal 19; reads 1-1 of 5 bytes to aa2f
  epoch 4ebc49c4, ordinals 19 of 19, 14 records, 23021 bytes, hlc 1000084.1, trusted 0, arrivals 2-10 13-16 19
  all is read
close
  append 00000003.seg 405+90; empty checkpoint-a; append checkpoint-a 0+294; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  clinic_a/4ebc49c4/: head 1, chain aa2f, changeOrdinal 19; reads 1-1 of 5 bytes to aa2f
  epoch 4ebc49c4, ordinals 19 of 19, 14 records, 22967 bytes, hlc 1000084.1, trusted 0, arrivals 2-10 13-16 19
  all is read
`,
  "facts about nodes, time and people": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
mark bind -> durable
  append 00000001.seg 109+77
mark trustedTime -> durable
  append 00000001.seg 186+38
mark trustedTime -> durable
  append 00000001.seg 224+38
mark alarm -> durable
  append 00000001.seg 262+52
mark alarm -> durable
  append 00000001.seg 314+47
mark alarmAck -> durable
  append 00000001.seg 361+34
mark newEpoch -> durable
  append 00000001.seg 395+48
push 'after a restart of t' -> durable, clinic_a/93f10706/ 1 at 1000000.0
  append 00000001.seg 443+127; create checkpoint-a; append checkpoint-a 0+251; syncDirectory
push 'the wall clock went ' -> durable, clinic_a/93f10706/ 2 at 1000000.1
  append 00000001.seg 570+123
push 'and stays there' -> durable, clinic_a/93f10706/ 3 at 1000000.2
  append 00000001.seg 693+76
push 'and forward' -> durable, clinic_a/93f10706/ 4 at 5000000.0
  append 00000001.seg 769+110
now:
  clinic_a/93f10706/: head 4, chain d095, changeOrdinal 12; reads 1-4 of 78 bytes to d095
  epoch 93f10706, ordinals 12 of 12, 4 records, 879 bytes, hlc 5000000.0, trusted 2000000, arrivals 9-12
  alarm id b, code Z510, text another, atMs 1000000
  all is read
a reader opens -> needsWriter true, tornBytes 110, copiedBytes 0
it shows:
  clinic_a/93f10706/: head 3, chain 60fd, changeOrdinal 11; reads 1-3 of 67 bytes to 60fd
  epoch 93f10706, ordinals 11 of 11, 3 records, 769 bytes, hlc 1000000.2, trusted 2000000, arrivals 9-11
  alarm id b, code Z510, text another, atMs 1000000
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 110
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+110; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); truncate 00000001.seg 769
it shows:
  clinic_a/93f10706/: head 4, chain d095, changeOrdinal 12; reads 1-4 of 78 bytes to d095
  epoch 93f10706, ordinals 12 of 12, 4 records, 1042 bytes, hlc 5000000.0, trusted 2000000, arrivals 9-12
  alarm id b, code Z510, text another, atMs 1000000
  all is read
close
  append 00000001.seg 879+52; create checkpoint-b; append checkpoint-b 0+251; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/93f10706/: head 4, chain d095, changeOrdinal 12; reads 1-4 of 78 bytes to d095
  epoch 93f10706, ordinals 12 of 12, 4 records, 931 bytes, hlc 5000000.0, trusted 2000000, arrivals 9-12
  alarm id b, code Z510, text another, atMs 1000000
  all is read
`,
  "clocks of others": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+40; syncDirectory; replace manifest (101); replace manifest-copy (101)
receive clinic_b/1234/ 1 to 1 -> durable, stored driftMs 259200007
  append 00000001.seg 104+133
push 'not dragged along' -> durable, hub/1234/ 1 at 1000000.0
  append 00000001.seg 237+126
receive clinic_b/1234/ 2 to 2 -> durable, stored
  append 00000001.seg 363+133
push 'taken forward' -> durable, hub/1234/ 2 at 260200014.1
  append 00000001.seg 496+122
now:
  clinic_b/1234/: head 2, chain 3f09, changeOrdinal 4; reads 1-2 of 60 bytes to 3f09
  hub/1234/: head 2, chain 38b1, changeOrdinal 5; reads 1-2 of 30 bytes to 38b1 known in 1 2
  epoch 1234, ordinals 5 of 5, 4 records, 618 bytes, hlc 260200014.1, trusted 0, arrivals 2-5
  all is read
a reader opens -> needsWriter true, tornBytes 122, copiedBytes 0
it shows:
  clinic_b/1234/: head 2, chain 3f09, changeOrdinal 4; reads 1-2 of 60 bytes to 3f09
  hub/1234/: head 1, chain 4bff, changeOrdinal 3; reads 1-1 of 17 bytes to 4bff known in 1
  epoch 1234, ordinals 4 of 4, 3 records, 496 bytes, hlc 1000000.0, trusted 0, arrivals 2-4
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 122
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+122; syncDirectory; replace manifest (129); replace manifest-copy (129); replace 00000001.idx (114); truncate 00000001.seg 496
it shows:
  clinic_b/1234/: head 2, chain 3f09, changeOrdinal 4; reads 1-2 of 60 bytes to 3f09
  hub/1234/: head 2, chain 38b1, changeOrdinal 5; reads 1-2 of 30 bytes to 38b1 known in 1 2
  epoch 1234, ordinals 5 of 5, 4 records, 796 bytes, hlc 260200014.1, trusted 0, arrivals 2-5
  all is read
close
  append 00000001.seg 618+52
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_b/1234/: head 2, chain 3f09, changeOrdinal 4; reads 1-2 of 60 bytes to 3f09
  hub/1234/: head 2, chain 38b1, changeOrdinal 5; reads 1-2 of 30 bytes to 38b1 known in 1 2
  epoch 1234, ordinals 5 of 5, 4 records, 670 bytes, hlc 260200014.1, trusted 0, arrivals 2-5
  all is read
`,
  "what is cut gives its room back": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 30 of 80 bytes
  append 00000001.seg 109+179 288+179 467+141 608+179 787+141 928+141 1069+141 1210+179; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1389+141; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+179; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 243+179 422+141 563+179 742+141 883+141 1024+141; create checkpoint-b; append checkpoint-b 0+195; syncDirectory; append 00000002.seg 1165+179 1344+141 1485+141; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+179; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (98); append 00000003.seg 243+179 422+141 563+179 742+141; empty checkpoint-a; append checkpoint-a 0+204; syncDirectory; append 00000003.seg 883+141 1024+141 1165+179 1344+141 1485+141; create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+179; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98)
push 6 of 60 bytes
  append 00000004.seg 243+165 408+165; empty checkpoint-b; append checkpoint-b 0+266; syncDirectory; append 00000004.seg 573+121 694+165 859+121 980+121
push 'vvvvvvvvvvvvvvvvvvvv' -> durable, clinic_a/1234/ 31 at 1000252.1
  append 00000004.seg 1101+20297; empty checkpoint-a; append checkpoint-a 0+267; syncDirectory
push 20 of 80 bytes
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+179; syncDirectory; replace manifest (219); replace manifest-copy (219); replace 00000004.idx (125); append 00000005.seg 243+179 422+141 563+179 742+141 883+141 1024+141 1165+179; empty checkpoint-b; append checkpoint-b 0+274; syncDirectory; append 00000005.seg 1344+141 1485+141; create 00000006.seg; write 00000006.seg 0+64; append 00000006.seg 64+179; syncDirectory; replace manifest (247); replace manifest-copy (247); replace 00000005.idx (98); append 00000006.seg 243+179 422+141 563+179 742+141 883+141; empty checkpoint-a; append checkpoint-a 0+283; syncDirectory; append 00000006.seg 1024+141 1165+179 1344+141 1485+141
cut to 28 -> durable
  create 00000007.seg; write 00000007.seg 0+64; append 00000007.seg 64+266; syncDirectory; replace manifest (275); replace manifest-copy (275); replace 00000006.idx (98)
reclaim, a step -> more
reclaim, a step -> more
  create 00000001-1.seg; write 00000001-1.seg 0+64
reclaim, a step -> more
  append 00000001-1.seg 64+121; replace 00000001-1.idx (79); syncDirectory; replace manifest (275); replace manifest-copy (275); remove 00000001.seg; remove 00000001.idx
reclaim, a step -> more
  create 00000002-1.seg; write 00000002-1.seg 0+64
reclaim, a step -> more
  append 00000002-1.seg 64+76; replace manifest (247); replace manifest-copy (247); remove 00000002.seg; remove 00000002.idx; remove 00000002-1.seg
reclaim, a step -> more
  create 00000003-1.seg; write 00000003-1.seg 0+64
reclaim, a step -> more
  append 00000003-1.seg 64+217; replace 00000003-1.idx (100); syncDirectory; replace manifest (247); replace manifest-copy (247); remove 00000003.seg; remove 00000003.idx
reclaim, a step -> more
  create 00000004-1.seg; write 00000004-1.seg 0+64
reclaim, a step -> more
  append 00000004-1.seg 64+21010; replace 00000004-1.idx (125); syncDirectory; replace manifest (247); replace manifest-copy (247); remove 00000004.seg; remove 00000004.idx
reclaim, a step -> done
  empty checkpoint-b; append checkpoint-b 0+311; syncDirectory
freed 4756, left 0
now:
  clinic_a/1234/: head 51, chain 2682, floor seq 28, chain 7b19, byOrigin true, changeOrdinal 61; reads 29-51 of 21760 bytes to 2682 in pieces 31 03e9
  clinic_a/1234/urgent: head 6, chain 39da, floor seq 2, chain f697, changeOrdinal 62; reads 3-6 of 240 bytes to 39da
  epoch 1234, ordinals 60 of 62, 27 records, 25622 bytes, hlc 1000392.0, trusted 0, arrivals 30-31 34-37 40-60
  all is read
a reader opens -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 51, chain 2682, floor seq 28, chain 7b19, byOrigin true, changeOrdinal 61; reads 29-51 of 21760 bytes to 2682 in pieces 31 03e9
  clinic_a/1234/urgent: head 6, chain 39da, floor seq 2, chain f697, changeOrdinal 62; reads 3-6 of 240 bytes to 39da
  epoch 1234, ordinals 60 of 62, 27 records, 25622 bytes, hlc 1000392.0, trusted 0, arrivals 30-31 34-37 40-60
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 51, chain 2682, floor seq 28, chain 7b19, byOrigin true, changeOrdinal 61; reads 29-51 of 21760 bytes to 2682 in pieces 31 03e9
  clinic_a/1234/urgent: head 6, chain 39da, floor seq 2, chain f697, changeOrdinal 62; reads 3-6 of 240 bytes to 39da
  epoch 1234, ordinals 60 of 62, 27 records, 25622 bytes, hlc 1000392.0, trusted 0, arrivals 30-31 34-37 40-60
  all is read
close
  append 00000007.seg 330+70
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 51, chain 2682, floor seq 28, chain 7b19, byOrigin true, changeOrdinal 61; reads 29-51 of 21760 bytes to 2682 in pieces 31 03e9
  clinic_a/1234/urgent: head 6, chain 39da, floor seq 2, chain f697, changeOrdinal 62; reads 3-6 of 240 bytes to 39da
  epoch 1234, ordinals 60 of 62, 27 records, 25692 bytes, hlc 1000392.0, trusted 0, arrivals 30-31 34-37 40-60
  all is read
push 'goes on' -> durable, clinic_a/1234/ 52 at 1000392.1
  append 00000007.seg 400+106
`,
  "a new data key, segment by segment": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+73; syncDirectory; replace manifest (134); replace manifest-copy (134)
push 20 of 80 bytes
  append 00000001.seg 137+235 372+235 607+169 776+235 1011+169 1180+169; create checkpoint-a; append checkpoint-a 0+215; syncDirectory; append 00000001.seg 1349+169; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+235; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000001.idx (127); append 00000002.seg 299+235 534+169 703+235 938+169; create checkpoint-b; append checkpoint-b 0+225; syncDirectory; append 00000002.seg 1107+169 1276+169 1445+235; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+235; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000002.idx (128); append 00000003.seg 299+235 534+169; empty checkpoint-a; append checkpoint-a 0+235; syncDirectory; append 00000003.seg 703+235 938+169
push 'uuuuuuuuuuuuuuuuuuuu' -> durable, clinic_a/1234/ 21 at 1000140.1
  append 00000003.seg 1107+20387; empty checkpoint-b; append checkpoint-b 0+248; syncDirectory
rekey, a step -> install
  replace former-key-copy (128); replace former-key (128)
rekey, a step -> more
  create 00000004.seg; append 00000004.seg 0+64; syncDirectory; replace manifest (219); replace manifest-copy (219); replace 00000003.idx (177)
rekey, a step -> more
rekey, a step -> more
rekey, a step -> more
  create 00000001-1.seg; write 00000001-1.seg 0+64
rekey, a step -> more
  append 00000001-1.seg 64+1454; replace 00000001-1.idx (127); syncDirectory; replace manifest (219); replace manifest-copy (219); remove 00000001.seg; remove 00000001.idx
rekey, a step -> more
  create 00000002-1.seg; write 00000002-1.seg 0+64
rekey, a step -> more
  append 00000002-1.seg 64+1616; replace 00000002-1.idx (128); syncDirectory; replace manifest (219); replace manifest-copy (219); remove 00000002.seg; remove 00000002.idx
rekey, a step -> more
  create 00000003-1.seg; write 00000003-1.seg 0+64
rekey, a step -> more
  append 00000003-1.seg 64+21430; replace 00000003-1.idx (177); syncDirectory; replace manifest (219); replace manifest-copy (219); remove 00000003.seg; remove 00000003.idx
rekey, a step -> more
  empty checkpoint-a; append checkpoint-a 0+236; syncDirectory
rekey, a step -> sealSidecars
  replace manifest (219); replace manifest-copy (219); empty checkpoint-b; append checkpoint-b 0+236; syncDirectory
rekey, a step -> done
  remove former-key; syncDirectory; remove former-key-copy; syncDirectory
push 'under the new key' -> durable, clinic_a/1234/ 22 at 1000140.2
  append 00000004.seg 64+172
now:
  clinic_a/1234/: head 22, chain df74, changeOrdinal 25; reads 1-22 of 21617 bytes to df74 in pieces 21 67d7
  epoch 1234, ordinals 25 of 25, 22 records, 25360 bytes, hlc 1000140.2, trusted 0, arrivals 2-21 24-25
  all is read
a reader opens -> needsWriter true, tornBytes 172, copiedBytes 0
it shows:
  clinic_a/1234/: head 21, chain 461a, changeOrdinal 24; reads 1-21 of 21600 bytes to 461a in pieces 21 67d7
  epoch 1234, ordinals 24 of 24, 21 records, 25188 bytes, hlc 1000140.1, trusted 0, arrivals 2-21 24
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 172
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+172; syncDirectory; replace manifest (246); replace manifest-copy (246); replace 00000004.idx (104); truncate 00000004.seg 64
it shows:
  clinic_a/1234/: head 22, chain df74, changeOrdinal 25; reads 1-22 of 21617 bytes to df74 in pieces 21 67d7
  epoch 1234, ordinals 25 of 25, 22 records, 25528 bytes, hlc 1000140.2, trusted 0, arrivals 2-21 24-25
  all is read
close
  append 00000004.seg 236+146; empty checkpoint-a; append checkpoint-a 0+245; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 22, chain df74, changeOrdinal 25; reads 1-22 of 21617 bytes to df74 in pieces 21 67d7
  epoch 1234, ordinals 25 of 25, 22 records, 25506 bytes, hlc 1000140.2, trusted 0, arrivals 2-21 24-25
  all is read
find k -> clinic_a/1234/ 21
`,
  "rot in a record of a sealed segment": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 12 of 90 bytes
  append 00000001.seg 109+189 298+189 487+151 638+189 827+151 978+151 1129+151; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1280+189 1469+151; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+189; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 253+189 442+151
push 3 of 60 bytes
  append 00000002.seg 593+165 758+165 923+121; create checkpoint-b; append checkpoint-b 0+248; syncDirectory
push 12 of 90 bytes
  append 00000002.seg 1044+189 1233+151 1384+151; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+189; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (124); append 00000003.seg 253+189 442+151 593+189; empty checkpoint-a; append checkpoint-a 0+256; syncDirectory; append 00000003.seg 782+151 933+151 1084+151 1235+189 1424+151
close
  create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+234; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98); empty checkpoint-b; append checkpoint-b 0+259; syncDirectory
byte 400 of 00000001.seg rots
opened -> tornBytes 0, copiedBytes 0; Z209 1 record could not be read (00000001.seg, bytes 336 to 487)
  makeFolder set-aside; create set-aside/1-336; write set-aside/1-336 0+151; append 00000004.seg 298+117
now:
  clinic_a/1234/: head 24, chain 4a02, holes [from 2, to 2], changeOrdinal 29; reads 1-1 of 90 bytes to 0256, 3-24 of 1980 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 5466 bytes, hlc 1000189.0, trusted 0, arrivals 2 4-28
  damage segment 1, fromOffset 336, toOffset 487, missing [stream clinic_a/1234/, range from 2, to 2]
  verify finds segment 1, offset 336, problem damaged, and not healed yet
  all is read
a reader opens -> needsWriter true, tornBytes 117, copiedBytes 0; Z209 1 record could not be read (00000001.seg, bytes 336 to 487)
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 2, to 2], changeOrdinal 28; reads 1-1 of 90 bytes to 0256, 3-24 of 1980 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 26 records, 5349 bytes, hlc 1000189.0, trusted 0, arrivals 2 4-28
  damage segment 1, fromOffset 336, toOffset 487, missing [stream clinic_a/1234/, range from 2, to 2]
  read only: Z208 the log is read-only: it was opened for reading only
  verify finds segment 1, offset 336, problem damaged, and not healed yet
  all is read
after a kill -> tornBytes 0, copiedBytes 117
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+117; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (77); truncate 00000004.seg 298
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 2, to 2], changeOrdinal 29; reads 1-1 of 90 bytes to 0256, 3-24 of 1980 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 5607 bytes, hlc 1000189.0, trusted 0, arrivals 2 4-28
  damage segment 1, fromOffset 336, toOffset 487, missing [stream clinic_a/1234/, range from 2, to 2]
  verify finds segment 1, offset 336, problem damaged, and not healed yet
  all is read
close
  append 00000004.seg 415+158
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 2, to 2], changeOrdinal 29; reads 1-1 of 90 bytes to 0256, 3-24 of 1980 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 5624 bytes, hlc 1000189.0, trusted 0, arrivals 2 4-28
  damage segment 1, fromOffset 336, toOffset 487, missing [stream clinic_a/1234/, range from 2, to 2]
  verify finds segment 1, offset 336, problem damaged, and not healed yet
  all is read
`,
  "rot in a sealed log": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+73; syncDirectory; replace manifest (134); replace manifest-copy (134)
push 12 of 90 bytes
  append 00000001.seg 137+245 382+245 627+179 806+245 1051+179 1230+179; create checkpoint-a; append checkpoint-a 0+215; syncDirectory; append 00000001.seg 1409+179; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+245; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000001.idx (127); append 00000002.seg 309+245 554+179 733+245 978+179; create checkpoint-b; append checkpoint-b 0+225; syncDirectory
push 3 of 60 bytes
  append 00000002.seg 1157+221 1378+221; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+221; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000002.idx (154)
push 12 of 90 bytes
  append 00000003.seg 285+245 530+245 775+179; empty checkpoint-a; append checkpoint-a 0+292; syncDirectory; append 00000003.seg 954+245 1199+179 1378+179; create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+245; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000003.idx (154); append 00000004.seg 309+245 554+179; empty checkpoint-b; append checkpoint-b 0+301; syncDirectory; append 00000004.seg 733+245 978+179 1157+179
close
  append 00000004.seg 1336+242; empty checkpoint-a; append checkpoint-a 0+301; syncDirectory
byte 700 of 00000002.seg rots
opened -> tornBytes 0, copiedBytes 0; Z209 1 record could not be read (00000002.seg, bytes 554 to 733)
  makeFolder set-aside; create set-aside/2-554; write set-aside/2-554 0+179; create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+201; syncDirectory; replace manifest (246); replace manifest-copy (246); replace 00000004.idx (128)
now:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 10], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 11-24 of 1260 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 7150 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 12-28
  damage segment 2, fromOffset 554, toOffset 733, missing [stream clinic_a/1234/, range from 10, to 10]
  verify finds segment 2, offset 554, problem damaged, and not healed yet
  all is read
a reader opens -> needsWriter true, tornBytes 201, copiedBytes 0; Z209 1 record could not be read (00000002.seg, bytes 554 to 733)
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 10], changeOrdinal 28; reads 1-9 of 810 bytes to 6ce2, 11-24 of 1260 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 26 records, 6949 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 12-28
  damage segment 2, fromOffset 554, toOffset 733, missing [stream clinic_a/1234/, range from 10, to 10]
  read only: Z208 the log is read-only: it was opened for reading only
  verify finds segment 2, offset 554, problem damaged, and not healed yet
  all is read
after a kill -> tornBytes 0, copiedBytes 201
  create 00000006.seg; write 00000006.seg 0+64; append 00000006.seg 64+201; syncDirectory; replace manifest (273); replace manifest-copy (273); replace 00000005.idx (104); truncate 00000005.seg 64
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 10], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 11-24 of 1260 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 7318 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 12-28
  damage segment 2, fromOffset 554, toOffset 733, missing [stream clinic_a/1234/, range from 10, to 10]
  verify finds segment 2, offset 554, problem damaged, and not healed yet
  all is read
close
  append 00000005.seg 265+242; empty checkpoint-b; append checkpoint-b 0+324; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 10], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 11-24 of 1260 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 7392 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 12-28
  damage segment 2, fromOffset 554, toOffset 733, missing [stream clinic_a/1234/, range from 10, to 10]
  verify finds segment 2, offset 554, problem damaged, and not healed yet
  all is read
`,
  "rot in the newest segment": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 12 of 90 bytes
  append 00000001.seg 109+189 298+189 487+151 638+189 827+151 978+151 1129+151; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1280+189 1469+151; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+189; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 253+189 442+151
push 3 of 60 bytes
  append 00000002.seg 593+165 758+165 923+121; create checkpoint-b; append checkpoint-b 0+248; syncDirectory
push 12 of 90 bytes
  append 00000002.seg 1044+189 1233+151 1384+151; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+189; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (124); append 00000003.seg 253+189 442+151 593+189; empty checkpoint-a; append checkpoint-a 0+256; syncDirectory; append 00000003.seg 782+151 933+151 1084+151 1235+189 1424+151
close
  create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+234; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98); empty checkpoint-b; append checkpoint-b 0+259; syncDirectory
byte 150 of 00000004.seg rots
opened -> tornBytes 0, copiedBytes 0; Z209 0 records could not be read (00000004.seg, bytes 146 to 184)
  makeFolder set-aside; create set-aside/4-146; write set-aside/4-146 0+38; append 00000004.seg 298+38
now:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 27 records, 5387 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
a reader opens -> needsWriter true, tornBytes 38, copiedBytes 0; Z209 0 records could not be read (00000004.seg, bytes 146 to 184)
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 27 records, 5349 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 38
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+38; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (77); truncate 00000004.seg 298
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 27 records, 5528 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
close
  append 00000004.seg 336+234
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 27 records, 5621 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
`,
  "rot in a segment's header, an index, a checkpoint and a manifest": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 12 of 90 bytes
  append 00000001.seg 109+189 298+189 487+151 638+189 827+151 978+151 1129+151; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1280+189 1469+151; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+189; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 253+189 442+151
push 3 of 60 bytes
  append 00000002.seg 593+165 758+165 923+121; create checkpoint-b; append checkpoint-b 0+248; syncDirectory
push 12 of 90 bytes
  append 00000002.seg 1044+189 1233+151 1384+151; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+189; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (124); append 00000003.seg 253+189 442+151 593+189; empty checkpoint-a; append checkpoint-a 0+256; syncDirectory; append 00000003.seg 782+151 933+151 1084+151 1235+189 1424+151
close
  create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+234; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98); empty checkpoint-b; append checkpoint-b 0+259; syncDirectory
byte 20 of 00000001.seg rots
byte 90 of 00000001.idx rots
byte 100 of checkpoint-a rots
byte 70 of manifest rots
opened -> tornBytes 0, copiedBytes 0
  create 00000005.seg; append 00000005.seg 0+64; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (77)
now:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 27 records, 5490 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
a reader opens -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 27 records, 5490 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 27 records, 5490 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
close
  replace 00000001.idx (100); append 00000005.seg 64+234
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 27 records, 5724 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
`,
};
