/** Written by `node test/fixtures/transcripts.ts`, and read by people. histories.test-kit.ts says how to read a line. */
export const part: Readonly<Record<string, string>> = {
  "a few events in several lanes": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+73; syncDirectory; replace manifest (134); replace manifest-copy (134)
push 'one' -> durable, clinic_a/1234/ 1 at 1000000.0
  append 00000001.seg 137+158
push 'two' -> durable, clinic_a/1234/urgent 1 at 1000000.1
  append 00000001.seg 295+164
push 'three' -> durable, clinic_a/1234/to/hub 1 at 1000000.2
  append 00000001.seg 459+166
push '' -> durable, clinic_a/1234/ 2 at 1000000.3
  append 00000001.seg 625+155
now:
  clinic_a/1234/: head 2, chain 5dd0, changeOrdinal 5; reads 1-2 of 3 bytes to 5dd0
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 5 of 5, 4 records, 780 bytes, hlc 1000000.3, trusted 0, arrivals 2-5
  all is read
a reader opens -> needsWriter true, tornBytes 155, copiedBytes 0
it shows:
  clinic_a/1234/: head 1, chain 79d6, changeOrdinal 2; reads 1-1 of 3 bytes to 79d6
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 4 of 4, 3 records, 625 bytes, hlc 1000000.2, trusted 0, arrivals 2-4
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 155
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+155; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000001.idx (179); truncate 00000001.seg 625
it shows:
  clinic_a/1234/: head 2, chain 5dd0, changeOrdinal 5; reads 1-2 of 3 bytes to 5dd0
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 5 of 5, 4 records, 1023 bytes, hlc 1000000.3, trusted 0, arrivals 2-5
  all is read
close
  append 00000001.seg 780+260
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain 5dd0, changeOrdinal 5; reads 1-2 of 3 bytes to 5dd0
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 5 of 5, 4 records, 1040 bytes, hlc 1000000.3, trusted 0, arrivals 2-5
  all is read
push 'after it' -> durable, clinic_a/1234/ 3 at 1000000.4
  append 00000001.seg 1040+163
now:
  clinic_a/1234/: head 3, chain 0ce8, changeOrdinal 6; reads 1-3 of 11 bytes to 0ce8
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 6 of 6, 5 records, 1203 bytes, hlc 1000000.4, trusted 0, arrivals 2-6
  all is read
a reader opens -> needsWriter true, tornBytes 163, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain 5dd0, changeOrdinal 5; reads 1-2 of 3 bytes to 5dd0
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 5 of 5, 4 records, 1040 bytes, hlc 1000000.3, trusted 0, arrivals 2-5
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 163
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+163; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000001.idx (179); truncate 00000001.seg 1040
it shows:
  clinic_a/1234/: head 3, chain 0ce8, changeOrdinal 6; reads 1-3 of 11 bytes to 0ce8
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 6 of 6, 5 records, 1446 bytes, hlc 1000000.4, trusted 0, arrivals 2-6
  all is read
close
  append 00000001.seg 1203+470
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 3, chain 0ce8, changeOrdinal 6; reads 1-3 of 11 bytes to 0ce8
  clinic_a/1234/urgent: head 1, chain d059, changeOrdinal 3; reads 1-1 of 3 bytes to d059
  clinic_a/1234/to/hub: head 1, chain b560, changeOrdinal 4; reads 1-1 of 5 bytes to b560
  epoch 1234, ordinals 6 of 6, 5 records, 1673 bytes, hlc 1000000.4, trusted 0, arrivals 2-6
  all is read
`,
  "segments, checkpoints and indexes as the log grows": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 30 of 80 bytes
  append 00000001.seg 109+179 288+179 467+141 608+179 787+141 928+141 1069+141 1210+179; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1389+141; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+179; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 243+179 422+141 563+179 742+141 883+141 1024+141; create checkpoint-b; append checkpoint-b 0+195; syncDirectory; append 00000002.seg 1165+179 1344+141 1485+141; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+179; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (98); append 00000003.seg 243+179 422+141 563+179 742+141; empty checkpoint-a; append checkpoint-a 0+204; syncDirectory; append 00000003.seg 883+141 1024+141 1165+179 1344+141 1485+141; create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+179; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98)
push 4 of 50 bytes
  append 00000004.seg 243+155 398+155; empty checkpoint-b; append checkpoint-b 0+266; syncDirectory; append 00000004.seg 553+111 664+155
now:
  clinic_a/1234/: head 30, chain c23e, changeOrdinal 31; reads 1-30 of 2400 bytes to c23e
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 35 of 35, 34 records, 5896 bytes, hlc 1000238.0, trusted 0, arrivals 2-35
  all is read
a reader opens -> needsWriter true, tornBytes 155, copiedBytes 0
it shows:
  clinic_a/1234/: head 30, chain c23e, changeOrdinal 31; reads 1-30 of 2400 bytes to c23e
  clinic_a/1234/urgent: head 3, chain 00b1, changeOrdinal 34; reads 1-3 of 150 bytes to 00b1
  epoch 1234, ordinals 34 of 34, 33 records, 5741 bytes, hlc 1000231.0, trusted 0, arrivals 2-34
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 155
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+155; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (124); truncate 00000004.seg 664
it shows:
  clinic_a/1234/: head 30, chain c23e, changeOrdinal 31; reads 1-30 of 2400 bytes to c23e
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 35 of 35, 34 records, 6084 bytes, hlc 1000238.0, trusted 0, arrivals 2-35
  all is read
close
  append 00000004.seg 819+108; empty checkpoint-a; append checkpoint-a 0+266; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 30, chain c23e, changeOrdinal 31; reads 1-30 of 2400 bytes to c23e
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 35 of 35, 34 records, 6004 bytes, hlc 1000238.0, trusted 0, arrivals 2-35
  all is read
push 9 of 300 bytes
  append 00000004.seg 927+399 1326+399; create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+399; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (124); append 00000005.seg 463+399; empty checkpoint-b; append checkpoint-b 0+274; syncDirectory; append 00000005.seg 862+361 1223+399; create 00000006.seg; write 00000006.seg 0+64; append 00000006.seg 64+399; syncDirectory; replace manifest (246); replace manifest-copy (246); replace 00000005.idx (98); append 00000006.seg 463+399; empty checkpoint-a; append checkpoint-a 0+283; syncDirectory; append 00000006.seg 862+361
now:
  clinic_a/1234/: head 39, chain 6928, changeOrdinal 44; reads 1-39 of 5100 bytes to 6928
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 44 of 44, 43 records, 9869 bytes, hlc 1000301.0, trusted 0, arrivals 2-44
  all is read
a reader opens -> needsWriter true, tornBytes 361, copiedBytes 0
it shows:
  clinic_a/1234/: head 38, chain a50a, changeOrdinal 43; reads 1-38 of 4800 bytes to a50a
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 43 of 43, 42 records, 9508 bytes, hlc 1000294.0, trusted 0, arrivals 2-43
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 361
  create 00000007.seg; write 00000007.seg 0+64; append 00000007.seg 64+399; syncDirectory; replace manifest (274); replace manifest-copy (274); replace 00000006.idx (98); truncate 00000006.seg 862
it shows:
  clinic_a/1234/: head 39, chain 6928, changeOrdinal 44; reads 1-39 of 5100 bytes to 6928
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 44 of 44, 43 records, 10069 bytes, hlc 1000301.0, trusted 0, arrivals 2-44
  all is read
close
  append 00000006.seg 1223+196; empty checkpoint-b; append checkpoint-b 0+283; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 39, chain 6928, changeOrdinal 44; reads 1-39 of 5100 bytes to 6928
  clinic_a/1234/urgent: head 4, chain c6b0, changeOrdinal 35; reads 1-4 of 200 bytes to c6b0
  epoch 1234, ordinals 44 of 44, 43 records, 10065 bytes, hlc 1000301.0, trusted 0, arrivals 2-44
  all is read
`,
  "writers that arrive while a group is in flight": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 'first' -> clinic_a/1234/ 1 at 1000000.0
  append 00000001.seg 109+104
push 'second' -> clinic_a/1234/ 2 at 1000000.1
push 'third' -> clinic_a/1234/urgent 1 at 1000000.2
a sync
  append 00000001.seg 213+215
push 'fourth' -> clinic_a/1234/ 3 at 1000000.3
all syncs
  append 00000001.seg 428+67
push 20 of 100 bytes
  append 00000001.seg 495+199
all syncs
  append 00000001.seg 694+3059; create checkpoint-a; append checkpoint-a 0+240; syncDirectory
now:
  clinic_a/1234/: head 23, chain 0d06, changeOrdinal 25; reads 1-23 of 2017 bytes to 0d06
  clinic_a/1234/urgent: head 1, chain a2fd, changeOrdinal 4; reads 1-1 of 5 bytes to a2fd
  epoch 1234, ordinals 25 of 25, 24 records, 3753 bytes, hlc 1000140.0, trusted 0, arrivals 2-25
  all is read
`,
  "idempotency keys, in flight, in this segment and in others": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0
  append 00000001.seg 109+116
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0, a repeat
push 'b' -> Z602 the id 'b05e63b27eda344f794db20d7dad844c' was used before with another payload
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0, a repeat
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0, a repeat
push 'xxxxxxxxxxxxxxxxxxxx' -> durable, clinic_a/1234/ 2 at 1000000.1
  append 00000001.seg 225+20313; create checkpoint-a; append checkpoint-a 0+212; syncDirectory
push 'xxxxxxxxxxxxxxxxxxxx' -> durable, clinic_a/1234/ 2 at 1000000.1, a repeat
push 'yyyyyyyyyyyyyyyyyyyy' -> Z602 the id '0d9180cc2a051d786473c2f2791ffc61' was used before with another payload
push 'x' -> Z602 the id '0d9180cc2a051d786473c2f2791ffc61' was used before with another payload
push 25 of 90 bytes
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+189; syncDirectory; replace manifest (135); replace manifest-copy (135); replace 00000001.idx (132); append 00000002.seg 253+189 442+151 593+189 782+151 933+151 1084+151 1235+189; create checkpoint-b; append checkpoint-b 0+196; syncDirectory; append 00000002.seg 1424+151; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+189; syncDirectory; replace manifest (163); replace manifest-copy (163); replace 00000002.idx (98); append 00000003.seg 253+189 442+151 593+189 782+151 933+151 1084+151; empty checkpoint-a; append checkpoint-a 0+205; syncDirectory; append 00000003.seg 1235+189 1424+151; create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+189; syncDirectory; replace manifest (191); replace manifest-copy (191); replace 00000003.idx (98); append 00000004.seg 253+189 442+151 593+189 782+151; empty checkpoint-b; append checkpoint-b 0+214; syncDirectory; append 00000004.seg 933+151 1084+151
find k1 -> clinic_a/1234/ 1
find k2 -> clinic_a/1234/ 2
find k3 -> nothing
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0, a repeat
now:
  clinic_a/1234/: head 27, chain 2b50, changeOrdinal 30; reads 1-27 of 22251 bytes to 2b50 in pieces 2 7765
  epoch 1234, ordinals 30 of 30, 27 records, 25251 bytes, hlc 1000175.0, trusted 0, arrivals 2 5-30
  all is read
a reader opens -> needsWriter true, tornBytes 151, copiedBytes 0
it shows:
  clinic_a/1234/: head 26, chain b949, changeOrdinal 29; reads 1-26 of 22161 bytes to b949 in pieces 2 7765
  epoch 1234, ordinals 29 of 29, 26 records, 25100 bytes, hlc 1000168.0, trusted 0, arrivals 2 5-29
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 151
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+189; syncDirectory; replace manifest (219); replace manifest-copy (219); replace 00000004.idx (98); truncate 00000004.seg 1084
it shows:
  clinic_a/1234/: head 27, chain 2b50, changeOrdinal 30; reads 1-27 of 22251 bytes to 2b50 in pieces 2 7765
  epoch 1234, ordinals 30 of 30, 27 records, 25451 bytes, hlc 1000175.0, trusted 0, arrivals 2 5-30
  all is read
close
  append 00000004.seg 1235+90; empty checkpoint-a; append checkpoint-a 0+214; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 27, chain 2b50, changeOrdinal 30; reads 1-27 of 22251 bytes to 2b50 in pieces 2 7765
  epoch 1234, ordinals 30 of 30, 27 records, 25341 bytes, hlc 1000175.0, trusted 0, arrivals 2 5-30
  all is read
find k1 -> clinic_a/1234/ 1
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0, a repeat
find k2 -> clinic_a/1234/ 2
`,
  "large events in pieces, own and received": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 'zzzzzzzzzzzzzzzzzzzz' -> durable, clinic_a/1234/ 1 at 1000000.0
  append 00000001.seg 109+33829; create checkpoint-a; append checkpoint-a 0+189; syncDirectory
push 'after it' -> durable, clinic_a/1234/ 2 at 1000000.1
  append 00000001.seg 33938+107
receive 2 from 0, 9000 bytes -> gap head 0
receive clinic_b/1234/ 1 to 1 -> durable, stored
  append 00000001.seg 34045+153
receive 2 from 9000, 100 bytes -> gap head 1
receive 2 from 0, 9000 bytes -> durable, stored
  append 00000001.seg 34198+9093
receive 2 from 9050, 50 bytes -> gap head 1
now:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, partialBytes 9000, changeOrdinal 8; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 8, 3 records, 43291 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
a reader opens -> needsWriter true, tornBytes 9093, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, changeOrdinal 7; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 7, 3 records, 34198 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 9093
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+9093; syncDirectory; replace manifest (135); replace manifest-copy (135); replace 00000001.idx (121); truncate 00000001.seg 34198
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, partialBytes 9000, changeOrdinal 8; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 8, 3 records, 43476 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
close
  append 00000001.seg 43291+52; create checkpoint-b; append checkpoint-b 0+273; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, partialBytes 9000, changeOrdinal 8; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 8, 3 records, 43343 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
receive 2 from 9000, 9000 bytes -> durable, stored
  append 00000001.seg 43343+9094
receive 2 from 9000, 9000 bytes -> durable, duplicate
mark dropPartial -> durable
  append 00000001.seg 52437+72
dropped:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, changeOrdinal 10; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 10, 3 records, 52509 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
receive 2 from 0, 9000 bytes -> durable, stored
  append 00000001.seg 52509+9055
receive 2 from 9000, 9000 bytes -> durable, stored
  append 00000001.seg 61564+9094; empty checkpoint-a; append checkpoint-a 0+279; syncDirectory
receive 2 from 18000, 9000 bytes -> durable, stored
  append 00000001.seg 70658+9057
receive 2 from 27000, 6468 bytes -> durable, stored
  append 00000001.seg 79715+6650
receive clinic_b/1234/ 3 to 3 -> durable, stored
  append 00000001.seg 86365+125
now:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 3, chain 8b09, changeOrdinal 16; reads 1-3 of 33578 bytes to 8b09 in pieces 2 0a95
  epoch 1234, ordinals 16 of 16, 5 records, 86490 bytes, hlc 1000021.0, trusted 0, arrivals 5-7 15-16
  all is read
a reader opens -> needsWriter true, tornBytes 125, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 2, chain 0d51, changeOrdinal 15; reads 1-2 of 33518 bytes to 0d51 in pieces 2 0a95
  epoch 1234, ordinals 15 of 15, 4 records, 86365 bytes, hlc 1000014.0, trusted 0, arrivals 5-7 15
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 125
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+163; syncDirectory; replace manifest (135); replace manifest-copy (135); replace 00000001.idx (130); truncate 00000001.seg 86365
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 3, chain 8b09, changeOrdinal 16; reads 1-3 of 33578 bytes to 8b09 in pieces 2 0a95
  epoch 1234, ordinals 16 of 16, 5 records, 86722 bytes, hlc 1000021.0, trusted 0, arrivals 5-7 15-16
  all is read
close
  append 00000001.seg 86490+128; empty checkpoint-b; append checkpoint-b 0+245; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 3, chain 8b09, changeOrdinal 16; reads 1-3 of 33578 bytes to 8b09 in pieces 2 0a95
  epoch 1234, ordinals 16 of 16, 5 records, 86618 bytes, hlc 1000021.0, trusted 0, arrivals 5-7 15-16
  all is read
`,
  "what becomes of a peer's range": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
receive clinic_b/1234/ 4 to 5 -> gap head 0
receive clinic_b/1234/ 1 to 3 -> durable, stored
  append 00000001.seg 109+356
receive clinic_b/1234/ 1 to 3 -> durable, duplicate
receive clinic_b/1234/ 2 to 6 -> durable, stored heldCount 2
  append 00000001.seg 465+365
receive clinic_b/1234/ 9 to 10 -> gap head 6
receive clinic_b/1234/ 7 to 8 -> fork atSeq 6
receive clinic_b/1234/ 7 to 8 -> malformed problem the events do not reproduce the chain after them
receive clinic_b/1234/ 7 to 7 -> malformed problem the events do not reproduce the chain after them
receive clinic_b/1234/ 7 to 7 -> malformed problem the events do not reproduce the chain after them
receive clinic_b/1234/ 7 to 7 -> malformed problem the HLC is beyond the year 2200
receive clinic_b/1234/ 1 to 4 -> fork atSeq 1
receive clinic_b/1234/ 4 to 4 -> fork atSeq 3
mark freeze -> durable
  append 00000001.seg 830+55
receive clinic_b/1234/ 7 to 8 -> refused error Z215 nothing more is taken into clinic_b, epoch 4660, lane '': two branches of it met
push 'who knows' -> durable, clinic_a/1234/ 1 at 1000042.1
  append 00000001.seg 885+123
push 'again' -> durable, clinic_a/1234/ 2 at 1000042.2
  append 00000001.seg 1008+104
now:
  clinic_b/1234/: head 6, chain c15b, changeOrdinal 8, isFrozen true; reads 1-6 of 255 bytes to c15b
  clinic_a/1234/: head 2, chain 8f50, changeOrdinal 10; reads 1-2 of 14 bytes to 8f50 known in 1
  epoch 1234, ordinals 10 of 10, 8 records, 1112 bytes, hlc 1000042.2, trusted 0, arrivals 2-7 9-10
  all is read
a reader opens -> needsWriter true, tornBytes 104, copiedBytes 0
it shows:
  clinic_b/1234/: head 6, chain c15b, changeOrdinal 8, isFrozen true; reads 1-6 of 255 bytes to c15b
  clinic_a/1234/: head 1, chain 1aba, changeOrdinal 9; reads 1-1 of 9 bytes to 1aba known in 1
  epoch 1234, ordinals 9 of 9, 7 records, 1008 bytes, hlc 1000042.1, trusted 0, arrivals 2-7 9
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 104
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+104; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (119); truncate 00000001.seg 1008
it shows:
  clinic_b/1234/: head 6, chain c15b, changeOrdinal 8, isFrozen true; reads 1-6 of 255 bytes to c15b
  clinic_a/1234/: head 2, chain 8f50, changeOrdinal 10; reads 1-2 of 14 bytes to 8f50 known in 1
  epoch 1234, ordinals 10 of 10, 8 records, 1295 bytes, hlc 1000042.2, trusted 0, arrivals 2-7 9-10
  all is read
close
  append 00000001.seg 1112+52
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_b/1234/: head 6, chain c15b, changeOrdinal 8, isFrozen true; reads 1-6 of 255 bytes to c15b
  clinic_a/1234/: head 2, chain 8f50, changeOrdinal 10; reads 1-2 of 14 bytes to 8f50 known in 1
  epoch 1234, ordinals 10 of 10, 8 records, 1164 bytes, hlc 1000042.2, trusted 0, arrivals 2-7 9-10
  all is read
`,
  "holes that are filled, lost and expired": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
receive clinic_b/1234/ 1 to 3 -> durable, stored
  append 00000001.seg 109+356
close
  append 00000001.seg 465+72
with a head -> tornBytes 0, copiedBytes 0; Z213 events 4 to 9 of clinic_b were written or confirmed before, and are not in the log
  append 00000001.seg 537+126
receive clinic_b/1234/ 5 to 6 -> gap head 9
receive clinic_b/1234/ 4 to 6 -> durable, stored
  append 00000001.seg 663+327
filled:
  clinic_b/1234/: head 9, chain 8252, holes [from 7, to 9], changeOrdinal 8; reads 1-6 of 255 bytes to c15b
  epoch 1234, ordinals 8 of 8, 6 records, 990 bytes, hlc 1000042.0, trusted 0, arrivals 2-4 6-8
  all is read
receive clinic_b/1234/ 9 to 11 -> gap head 9
mark lost -> durable
  append 00000001.seg 990+89
mark lost -> durable
  append 00000001.seg 1079+51
lost:
  clinic_b/1234/: head 9, chain 8252, holes [from 9, to 9], lost [from 7, to 8], changeOrdinal 10; reads 1-6 of 255 bytes to c15b
  epoch 1234, ordinals 8 of 10, 6 records, 1130 bytes, hlc 1000042.0, trusted 0, arrivals 2-4 6-8
  all is read
mark floor -> durable
mark floor -> durable
  append 00000001.seg 1130+51
mark floor -> durable
  append 00000001.seg 1181+139
now:
  clinic_b/1234/: head 9, chain 8252, holes [from 9, to 9], lost [from 7, to 8], floor seq 2, chain 0909, byOrigin true, changeOrdinal 11; reads 3-6 of 174 bytes to c15b
  clinic_b/1234/urgent: head 8, chain 0909, floor seq 8, chain 0909, byOrigin true, changeOrdinal 12; reads nothing
  epoch 1234, ordinals 8 of 12, 4 records, 1320 bytes, hlc 1000042.0, trusted 0, arrivals 4 6-8
  all is read
a reader opens -> needsWriter true, tornBytes 139, copiedBytes 0
it shows:
  clinic_b/1234/: head 9, chain 8252, holes [from 9, to 9], lost [from 7, to 8], floor seq 2, chain 0909, byOrigin true, changeOrdinal 11; reads 3-6 of 174 bytes to c15b
  epoch 1234, ordinals 8 of 11, 4 records, 1181 bytes, hlc 1000042.0, trusted 0, arrivals 4 6-8
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 139
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+139; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); truncate 00000001.seg 1181
it shows:
  clinic_b/1234/: head 9, chain 8252, holes [from 9, to 9], lost [from 7, to 8], floor seq 2, chain 0909, byOrigin true, changeOrdinal 11; reads 3-6 of 174 bytes to c15b
  clinic_b/1234/urgent: head 8, chain 0909, floor seq 8, chain 0909, byOrigin true, changeOrdinal 12; reads nothing
  epoch 1234, ordinals 8 of 12, 4 records, 1483 bytes, hlc 1000042.0, trusted 0, arrivals 4 6-8
  all is read
close
  append 00000001.seg 1320+34
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_b/1234/: head 9, chain 8252, holes [from 9, to 9], lost [from 7, to 8], floor seq 2, chain 0909, byOrigin true, changeOrdinal 11; reads 3-6 of 174 bytes to c15b
  clinic_b/1234/urgent: head 8, chain 0909, floor seq 8, chain 0909, byOrigin true, changeOrdinal 12; reads nothing
  epoch 1234, ordinals 8 of 12, 4 records, 1354 bytes, hlc 1000042.0, trusted 0, arrivals 4 6-8
  all is read
`,
};
