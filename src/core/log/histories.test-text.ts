/** Written by `node test/fixtures/transcripts.ts`, and read by people. histories.test-kit.ts says how to read a line. */
export const historyTexts: Readonly<Record<string, string>> = {
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
  append 00000001.seg 225+20275; create checkpoint-a; append checkpoint-a 0+212; syncDirectory
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
  epoch 1234, ordinals 30 of 30, 27 records, 25213 bytes, hlc 1000175.0, trusted 0, arrivals 2 5-30
  all is read
a reader opens -> needsWriter true, tornBytes 151, copiedBytes 0
it shows:
  clinic_a/1234/: head 26, chain b949, changeOrdinal 29; reads 1-26 of 22161 bytes to b949 in pieces 2 7765
  epoch 1234, ordinals 29 of 29, 26 records, 25062 bytes, hlc 1000168.0, trusted 0, arrivals 2 5-29
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 151
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+189; syncDirectory; replace manifest (219); replace manifest-copy (219); replace 00000004.idx (98); truncate 00000004.seg 1084
it shows:
  clinic_a/1234/: head 27, chain 2b50, changeOrdinal 30; reads 1-27 of 22251 bytes to 2b50 in pieces 2 7765
  epoch 1234, ordinals 30 of 30, 27 records, 25413 bytes, hlc 1000175.0, trusted 0, arrivals 2 5-30
  all is read
close
  append 00000004.seg 1235+90; empty checkpoint-a; append checkpoint-a 0+214; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 27, chain 2b50, changeOrdinal 30; reads 1-27 of 22251 bytes to 2b50 in pieces 2 7765
  epoch 1234, ordinals 30 of 30, 27 records, 25303 bytes, hlc 1000175.0, trusted 0, arrivals 2 5-30
  all is read
find k1 -> clinic_a/1234/ 1
push 'a' -> durable, clinic_a/1234/ 1 at 1000000.0, a repeat
find k2 -> clinic_a/1234/ 2
`,
  "large events in pieces, own and received": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 'zzzzzzzzzzzzzzzzzzzz' -> durable, clinic_a/1234/ 1 at 1000000.0
  append 00000001.seg 109+33791; create checkpoint-a; append checkpoint-a 0+189; syncDirectory
push 'after it' -> durable, clinic_a/1234/ 2 at 1000000.1
  append 00000001.seg 33900+107
receive 2 from 0, 9000 bytes -> gap head 0
receive clinic_b/1234/ 1 to 1 -> durable, stored
  append 00000001.seg 34007+153
receive 2 from 9000, 100 bytes -> gap head 1
receive 2 from 0, 9000 bytes -> durable, stored
  append 00000001.seg 34160+9093
receive 2 from 9050, 50 bytes -> gap head 1
now:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, partialBytes 9000, changeOrdinal 8; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 8, 3 records, 43253 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
a reader opens -> needsWriter true, tornBytes 9093, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, changeOrdinal 7; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 7, 3 records, 34160 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 9093
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+9093; syncDirectory; replace manifest (135); replace manifest-copy (135); replace 00000001.idx (121); truncate 00000001.seg 34160
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, partialBytes 9000, changeOrdinal 8; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 8, 3 records, 43438 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
close
  append 00000001.seg 43253+52; create checkpoint-b; append checkpoint-b 0+273; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, partialBytes 9000, changeOrdinal 8; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 8, 3 records, 43305 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
receive 2 from 9000, 9000 bytes -> durable, stored
  append 00000001.seg 43305+9094
receive 2 from 9000, 9000 bytes -> durable, duplicate
mark dropPartial -> durable
  append 00000001.seg 52399+72
dropped:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 1, chain 35aa, changeOrdinal 10; reads 1-1 of 50 bytes to 35aa
  epoch 1234, ordinals 7 of 10, 3 records, 52471 bytes, hlc 1000007.0, trusted 0, arrivals 5-7
  all is read
receive 2 from 0, 9000 bytes -> durable, stored
  append 00000001.seg 52471+9055
receive 2 from 9000, 9000 bytes -> durable, stored
  append 00000001.seg 61526+9094; empty checkpoint-a; append checkpoint-a 0+279; syncDirectory
receive 2 from 18000, 9000 bytes -> durable, stored
  append 00000001.seg 70620+9057
receive 2 from 27000, 6468 bytes -> durable, stored
  append 00000001.seg 79677+6650
receive clinic_b/1234/ 3 to 3 -> durable, stored
  append 00000001.seg 86327+125
now:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 3, chain 8b09, changeOrdinal 16; reads 1-3 of 33578 bytes to 8b09 in pieces 2 0a95
  epoch 1234, ordinals 16 of 16, 5 records, 86452 bytes, hlc 1000021.0, trusted 0, arrivals 5-7 15-16
  all is read
a reader opens -> needsWriter true, tornBytes 125, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 2, chain 0d51, changeOrdinal 15; reads 1-2 of 33518 bytes to 0d51 in pieces 2 0a95
  epoch 1234, ordinals 15 of 15, 4 records, 86327 bytes, hlc 1000014.0, trusted 0, arrivals 5-7 15
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 125
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+163; syncDirectory; replace manifest (135); replace manifest-copy (135); replace 00000001.idx (130); truncate 00000001.seg 86327
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 3, chain 8b09, changeOrdinal 16; reads 1-3 of 33578 bytes to 8b09 in pieces 2 0a95
  epoch 1234, ordinals 16 of 16, 5 records, 86684 bytes, hlc 1000021.0, trusted 0, arrivals 5-7 15-16
  all is read
close
  append 00000001.seg 86452+128; empty checkpoint-b; append checkpoint-b 0+245; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 2, chain a655, changeOrdinal 6; reads 1-2 of 33476 bytes to a655 in pieces 1 6481
  clinic_b/1234/: head 3, chain 8b09, changeOrdinal 16; reads 1-3 of 33578 bytes to 8b09 in pieces 2 0a95
  epoch 1234, ordinals 16 of 16, 5 records, 86580 bytes, hlc 1000021.0, trusted 0, arrivals 5-7 15-16
  all is read
`,
  "what becomes of a peer's range": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
receive clinic_b/1234/ 4 to 5 -> gap head 0
receive clinic_b/1234/ 1 to 3 -> durable, stored
  append 00000001.seg 109+356
receive clinic_b/1234/ 1 to 3 -> durable, duplicate
receive clinic_b/1234/ 2 to 6 -> durable, stored
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
  "a tail moves to a derived epoch, and its copy comes back": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 9 of 70 bytes
  append 00000001.seg 109+169 278+169 447+131 578+169 747+131 878+131 1009+131 1140+169; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1309+131
push 'wwwwwwwwwwwwwwwwwwww' -> durable, clinic_a/1234/ 10 at 1000063.1
  append 00000001.seg 1440+20221; create checkpoint-b; append checkpoint-b 0+188; syncDirectory
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
  epoch 4ebc49c4, ordinals 19 of 19, 14 records, 22839 bytes, hlc 1000084.1, trusted 0, arrivals 2-10 13-16 19
  all is read
a reader opens -> needsWriter true, tornBytes 104, copiedBytes 0
it shows:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  epoch 4ebc49c4, ordinals 16 of 18, 13 records, 22735 bytes, hlc 1000084.0, trusted 0, arrivals 2-10 13-16
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 104
  create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+104; syncDirectory; replace manifest (191); replace manifest-copy (191); replace 00000003.idx (80); truncate 00000003.seg 301
it shows:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  clinic_a/4ebc49c4/: head 1, chain aa2f, changeOrdinal 19; reads 1-1 of 5 bytes to aa2f
  epoch 4ebc49c4, ordinals 19 of 19, 14 records, 22983 bytes, hlc 1000084.1, trusted 0, arrivals 2-10 13-16 19
  all is read
close
  append 00000003.seg 405+90; empty checkpoint-a; append checkpoint-a 0+294; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 7, chain 1819, changeOrdinal 18, isClosed true; reads 1-7 of 490 bytes to 1819
  clinic_a/5df2fcd9/: head 6, chain 0c77, changeOrdinal 18, isClosed true; reads 1-6 of 20350 bytes to 0c77 in pieces 3 a5e3
  clinic_a/4ebc49c4/: head 1, chain aa2f, changeOrdinal 19; reads 1-1 of 5 bytes to aa2f
  epoch 4ebc49c4, ordinals 19 of 19, 14 records, 22929 bytes, hlc 1000084.1, trusted 0, arrivals 2-10 13-16 19
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
  append 00000004.seg 1101+20259; empty checkpoint-a; append checkpoint-a 0+267; syncDirectory
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
freed 4718, left 0
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
  append 00000003.seg 1107+20321; empty checkpoint-b; append checkpoint-b 0+248; syncDirectory
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
  append 00000003-1.seg 64+21364; replace 00000003-1.idx (177); syncDirectory; replace manifest (219); replace manifest-copy (219); remove 00000003.seg; remove 00000003.idx
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
  epoch 1234, ordinals 25 of 25, 22 records, 25294 bytes, hlc 1000140.2, trusted 0, arrivals 2-21 24-25
  all is read
a reader opens -> needsWriter true, tornBytes 172, copiedBytes 0
it shows:
  clinic_a/1234/: head 21, chain 461a, changeOrdinal 24; reads 1-21 of 21600 bytes to 461a in pieces 21 67d7
  epoch 1234, ordinals 24 of 24, 21 records, 25122 bytes, hlc 1000140.1, trusted 0, arrivals 2-21 24
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 172
  create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+172; syncDirectory; replace manifest (246); replace manifest-copy (246); replace 00000004.idx (104); truncate 00000004.seg 64
it shows:
  clinic_a/1234/: head 22, chain df74, changeOrdinal 25; reads 1-22 of 21617 bytes to df74 in pieces 21 67d7
  epoch 1234, ordinals 25 of 25, 22 records, 25462 bytes, hlc 1000140.2, trusted 0, arrivals 2-21 24-25
  all is read
close
  append 00000004.seg 236+146; empty checkpoint-a; append checkpoint-a 0+245; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 22, chain df74, changeOrdinal 25; reads 1-22 of 21617 bytes to df74 in pieces 21 67d7
  epoch 1234, ordinals 25 of 25, 22 records, 25440 bytes, hlc 1000140.2, trusted 0, arrivals 2-21 24-25
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
opened -> tornBytes 0, copiedBytes 0; Z209 1 records could not be read (00000001.seg, bytes 336 to 487)
  makeFolder set-aside; create set-aside/1-336; write set-aside/1-336 0+151; append 00000004.seg 298+117
now:
  clinic_a/1234/: head 24, chain 4a02, holes [from 2, to 2], changeOrdinal 29; reads 1-1 of 90 bytes to 0256, 3-24 of 1980 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 5466 bytes, hlc 1000189.0, trusted 0, arrivals 2 4-28
  damage segment 1, fromOffset 336, toOffset 487, missing [stream clinic_a/1234/, range from 2, to 2]
  verify finds segment 1, offset 336, problem damaged, and not healed yet
  all is read
a reader opens -> needsWriter true, tornBytes 117, copiedBytes 0; Z209 1 records could not be read (00000001.seg, bytes 336 to 487)
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
opened -> tornBytes 0, copiedBytes 0; Z209 1 records could not be read (00000002.seg, bytes 554 to 733)
  makeFolder set-aside; create set-aside/2-554; write set-aside/2-554 0+179; create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+201; syncDirectory; replace manifest (246); replace manifest-copy (246); replace 00000004.idx (128)
now:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 10], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 11-24 of 1260 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 29, 26 records, 7150 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 12-28
  damage segment 2, fromOffset 554, toOffset 733, missing [stream clinic_a/1234/, range from 10, to 10]
  verify finds segment 2, offset 554, problem damaged, and not healed yet
  all is read
a reader opens -> needsWriter true, tornBytes 201, copiedBytes 0; Z209 1 records could not be read (00000002.seg, bytes 554 to 733)
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
  "sidecars that are gone": `
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
all but the segments are removed
  remove reserve; remove manifest; remove manifest-copy; remove checkpoint-a; remove 00000001.idx; remove checkpoint-b; remove 00000002.idx; remove 00000003.idx
opened -> tornBytes 0, copiedBytes 0
  create 00000005.seg; append 00000005.seg 0+64; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000001.idx (99); replace 00000002.idx (124); replace 00000003.idx (98); replace 00000004.idx (77); create checkpoint-a; append checkpoint-a 0+263; syncDirectory; create reserve; write reserve 0+262144
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
  append 00000005.seg 64+234
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, changeOrdinal 28; reads 1-24 of 2160 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, changeOrdinal 16; reads 1-3 of 180 bytes to 70ad
  epoch 1234, ordinals 28 of 28, 27 records, 5724 bytes, hlc 1000189.0, trusted 0, arrivals 2-28
  all is read
`,
  "a segment that is gone": `
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
the second segment is removed
  remove 00000002.seg
opened -> tornBytes 0, copiedBytes 0; Z209 9 records could not be read (00000002.seg, bytes 64 to 1535)
  create 00000005.seg; append 00000005.seg 0+64; syncDirectory; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (77); append 00000005.seg 64+207
now:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 15], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 16-24 of 810 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, holes [from 1, to 3], changeOrdinal 29; reads nothing
  epoch 1234, ordinals 28 of 29, 18 records, 5697 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 20-28
  damage segment 2, fromOffset 64, toOffset 1535, missing [stream clinic_a/1234/, range from 10, to 15; stream clinic_a/1234/urgent, range from 1, to 3]
  verify finds segment 2, offset 0, problem the segment's file is missing
  all is read
a reader opens -> needsWriter true, tornBytes 207, copiedBytes 0; Z209 9 records could not be read (00000002.seg, bytes 64 to 1535)
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 15], changeOrdinal 28; reads 1-9 of 810 bytes to 6ce2, 16-24 of 810 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, holes [from 1, to 3], changeOrdinal 28; reads nothing
  epoch 1234, ordinals 28 of 28, 18 records, 5490 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 20-28
  damage segment 2, fromOffset 64, toOffset 1535, missing [stream clinic_a/1234/, range from 10, to 15; stream clinic_a/1234/urgent, range from 1, to 3]
  read only: Z208 the log is read-only: it was opened for reading only
  verify finds segment 2, offset 0, problem the segment's file is missing
  all is read
after a kill -> tornBytes 0, copiedBytes 207
  create 00000006.seg; write 00000006.seg 0+64; append 00000006.seg 64+207; syncDirectory; replace manifest (245); replace manifest-copy (245); replace 00000005.idx (76); truncate 00000005.seg 64
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 15], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 16-24 of 810 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, holes [from 1, to 3], changeOrdinal 29; reads nothing
  epoch 1234, ordinals 28 of 29, 18 records, 5837 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 20-28
  damage segment 2, fromOffset 64, toOffset 1535, missing [stream clinic_a/1234/, range from 10, to 15; stream clinic_a/1234/urgent, range from 1, to 3]
  verify finds segment 2, offset 0, problem the segment's file is missing
  all is read
close
  append 00000005.seg 271+70
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 24, chain 4a02, holes [from 10, to 15], changeOrdinal 29; reads 1-9 of 810 bytes to 6ce2, 16-24 of 810 bytes to 4a02
  clinic_a/1234/urgent: head 3, chain 70ad, holes [from 1, to 3], changeOrdinal 29; reads nothing
  epoch 1234, ordinals 28 of 29, 18 records, 5767 bytes, hlc 1000189.0, trusted 0, arrivals 2-10 20-28
  damage segment 2, fromOffset 64, toOffset 1535, missing [stream clinic_a/1234/, range from 10, to 15; stream clinic_a/1234/urgent, range from 1, to 3]
  verify finds segment 2, offset 0, problem the segment's file is missing
  all is read
`,
  "a disk that fills, and has room again": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 20 of 400 bytes
  append 00000001.seg 109+499 608+499 1107+461; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+499; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 563+499 1062+461; create checkpoint-b; append checkpoint-b 0+195; syncDirectory; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+499; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (98); append 00000003.seg 563+499 1062+461; empty checkpoint-a; append checkpoint-a 0+204; syncDirectory; create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+499; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98); append 00000004.seg 563+499 1062+461; empty checkpoint-b; append checkpoint-b 0+213; syncDirectory; create 00000005.seg; write 00000005.seg 0+64; append 00000005.seg 64+499; syncDirectory; create manifest.new; write manifest.new 0+218; remove manifest.new; remove reserve; replace manifest (218); replace manifest-copy (218); replace 00000004.idx (98); append 00000005.seg 563+499 1062+461; empty checkpoint-a; append checkpoint-a 0+222; syncDirectory; create 00000006.seg; write 00000006.seg 0+64; append 00000006.seg 64+499; syncDirectory; replace manifest (246); replace manifest-copy (246); replace 00000005.idx (98); append 00000006.seg 563+499 1062+461; empty checkpoint-b; append checkpoint-b 0+231; syncDirectory; create 00000007.seg; write 00000007.seg 0+64; append 00000007.seg 64+499; syncDirectory; replace manifest (274); replace manifest-copy (274); replace 00000006.idx (98); append 00000007.seg 563+499
push 'does it fit' -> durable, clinic_a/1234/ 21 at 1000140.1
  append 00000007.seg 1062+72
push 'tttttttttttttttttttt' -> durable, clinic_a/1234/ 22 at 1000140.2
  append 00000007.seg 1134+15099; empty checkpoint-a; append checkpoint-a 0+240; syncDirectory
push 'small' -> durable, clinic_a/1234/ 23 at 1000140.3
  create 00000008.seg; write 00000008.seg 0+64; append 00000008.seg 64+104; syncDirectory; replace manifest (302); replace manifest-copy (302); replace 00000007.idx (98)
push 'there is room' -> durable, clinic_a/1234/ 24 at 1000140.4
  append 00000008.seg 168+112
now:
  clinic_a/1234/: head 24, chain bb42, changeOrdinal 25; reads 1-24 of 23029 bytes to bb42
  epoch 1234, ordinals 25 of 25, 24 records, 26383 bytes, hlc 1000140.4, trusted 0, arrivals 2-25
  all is read
a reader opens -> needsWriter true, tornBytes 112, copiedBytes 0
it shows:
  clinic_a/1234/: head 23, chain ebe0, changeOrdinal 24; reads 1-23 of 23016 bytes to ebe0
  epoch 1234, ordinals 24 of 24, 23 records, 26271 bytes, hlc 1000140.3, trusted 0, arrivals 2-24
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 112
  create 00000009.seg; write 00000009.seg 0+64; append 00000009.seg 64+112; syncDirectory; replace manifest (330); replace manifest-copy (330); replace 00000008.idx (98); truncate 00000008.seg 168; create reserve; write reserve 0+262144
it shows:
  clinic_a/1234/: head 24, chain bb42, changeOrdinal 25; reads 1-24 of 23029 bytes to bb42
  epoch 1234, ordinals 25 of 25, 24 records, 26545 bytes, hlc 1000140.4, trusted 0, arrivals 2-25
  all is read
close
  append 00000008.seg 280+52
opened again -> isClean true, tornBytes 0, copiedBytes 0
  create reserve; write reserve 0+262144
it shows:
  clinic_a/1234/: head 24, chain bb42, changeOrdinal 25; reads 1-24 of 23029 bytes to bb42
  epoch 1234, ordinals 25 of 25, 24 records, 26435 bytes, hlc 1000140.4, trusted 0, arrivals 2-25
  all is read
`,
  "a sync that fails": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 3 of 50 bytes
  append 00000001.seg 109+149 258+149 407+111
push 'never durable' -> Z205, clinic_a/1234/ 4 at 1000021.1
  append 00000001.seg 518+112
push 'refused' -> Z208 the log is read-only: the disk refused to make data durable (sync 00000001.seg: io)
now:
  clinic_a/1234/: head 3, chain 012a, changeOrdinal 4; reads 1-3 of 150 bytes to 012a
  epoch 1234, ordinals 4 of 4, 3 records, 518 bytes, hlc 1000021.1, trusted 0, arrivals 2-4
  read only: Z205 the disk refused to make data durable (sync 00000001.seg: io)
  all is read
a reader opens -> needsWriter true, tornBytes 112, copiedBytes 0
it shows:
  clinic_a/1234/: head 3, chain 012a, changeOrdinal 4; reads 1-3 of 150 bytes to 012a
  epoch 1234, ordinals 4 of 4, 3 records, 518 bytes, hlc 1000021.0, trusted 0, arrivals 2-4
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 112
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+112; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); truncate 00000001.seg 518
it shows:
  clinic_a/1234/: head 4, chain a08b, changeOrdinal 5; reads 1-4 of 163 bytes to a08b
  epoch 1234, ordinals 5 of 5, 4 records, 793 bytes, hlc 1000021.1, trusted 0, arrivals 2-5
  all is read
opened again -> tornBytes 0, copiedBytes 112
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+112; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); truncate 00000001.seg 518
it shows:
  clinic_a/1234/: head 4, chain a08b, changeOrdinal 5; reads 1-4 of 163 bytes to a08b
  epoch 1234, ordinals 5 of 5, 4 records, 793 bytes, hlc 1000021.1, trusted 0, arrivals 2-5
  all is read
`,
  "a disk that refuses what keeping house asks for": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 8 of 80 bytes
  append 00000001.seg 109+179 288+179 467+141 608+179 787+141 928+141 1069+141 1210+179; create checkpoint-a; append checkpoint-a 0+187; syncDirectory
push 'oooooooooooooooooooo' -> durable, clinic_a/1234/ 9 at 1000056.1
  append 00000001.seg 1389+151
push 'oooooooooooooooooooo' -> durable, clinic_a/1234/ 10 at 1000056.2
  create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+190; syncDirectory; replace manifest (134); replace manifest-copy (134); create 00000001.idx.new; append 00000001.idx.new 0+99; rename 00000001.idx.new 00000001.idx
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
push 'oooooooooooooooooooo' -> Z208 the log is read-only: the disk refused to make data durable (rename 00000001.idx.new: io)
now:
  clinic_a/1234/: head 10, chain 2e0e, changeOrdinal 11; reads 1-10 of 821 bytes to 2e0e
  epoch 1234, ordinals 11 of 11, 10 records, 1794 bytes, hlc 1000056.2, trusted 0, arrivals 2-11
  read only: Z205 the disk refused to make data durable (rename 00000001.idx.new: io)
  all is read
a reader opens -> needsWriter true, tornBytes 190, copiedBytes 0
it shows:
  clinic_a/1234/: head 9, chain 1d37, changeOrdinal 10; reads 1-9 of 730 bytes to 1d37
  epoch 1234, ordinals 10 of 10, 9 records, 1604 bytes, hlc 1000056.1, trusted 0, arrivals 2-10
  read only: Z208 the log is read-only: it was opened for reading only
  all is read
after a kill -> tornBytes 0, copiedBytes 190
  create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+190; syncDirectory; replace manifest (161); replace manifest-copy (161); empty 00000001.idx.new; append 00000001.idx.new 0+99; rename 00000001.idx.new 00000001.idx; syncDirectory; replace 00000002.idx (76); truncate 00000002.seg 64
it shows:
  clinic_a/1234/: head 10, chain 2e0e, changeOrdinal 11; reads 1-10 of 821 bytes to 2e0e
  epoch 1234, ordinals 11 of 11, 10 records, 2033 bytes, hlc 1000056.2, trusted 0, arrivals 2-11
  all is read
opened again -> isClean true, tornBytes 0, copiedBytes 0
  create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+190; syncDirectory; replace manifest (161); replace manifest-copy (161); empty 00000001.idx.new; append 00000001.idx.new 0+99; rename 00000001.idx.new 00000001.idx; truncate 00000002.seg 64
it shows:
  clinic_a/1234/: head 9, chain 1d37, changeOrdinal 10; reads 1-9 of 730 bytes to 1d37
  epoch 1234, ordinals 10 of 10, 9 records, 1604 bytes, hlc 1000056.1, trusted 0, arrivals 2-10
  read only: Z205 the disk refused to make data durable (rename 00000001.idx.new: io)
  all is read
`,
  "a snapshot, and the scrubber's steps": `
create
  create 00000001.seg; write 00000001.seg 0+64; create reserve; write reserve 0+262144; append 00000001.seg 64+45; syncDirectory; replace manifest (106); replace manifest-copy (106)
push 20 of 80 bytes
  append 00000001.seg 109+179 288+179 467+141 608+179 787+141 928+141 1069+141 1210+179; create checkpoint-a; append checkpoint-a 0+187; syncDirectory; append 00000001.seg 1389+141; create 00000002.seg; write 00000002.seg 0+64; append 00000002.seg 64+179; syncDirectory; replace manifest (134); replace manifest-copy (134); replace 00000001.idx (99); append 00000002.seg 243+179 422+141 563+179 742+141 883+141 1024+141; create checkpoint-b; append checkpoint-b 0+195; syncDirectory; append 00000002.seg 1165+179 1344+141 1485+141; create 00000003.seg; write 00000003.seg 0+64; append 00000003.seg 64+179; syncDirectory; replace manifest (162); replace manifest-copy (162); replace 00000002.idx (98)
snapshot 00000001.seg -> 1530
snapshot 00000001.idx -> 99
snapshot 00000002.seg -> 1626
snapshot 00000002.idx -> 98
snapshot 00000003.seg -> 243
snapshot manifest made -> 162
snapshot manifest-copy made -> 162
snapshot checkpoint-a made -> 204
byte 500 of 00000002.seg rots
scrub -> to 1.0 787, 723 bytes, found []
scrub -> to 1.0 1389, 602 bytes, found []
scrub -> to 2.0 563, 640 bytes, found [{"segment":2,"fromOffset":422,"toOffset":563}]
  makeFolder set-aside; create set-aside/2-422; write set-aside/2-422 0+141; append 00000003.seg 243+79
scrub -> to 2.0 1165, 602 bytes, found []
scrub -> to 3.0 243, 640 bytes, found []
scrub -> to the end, 79 bytes, found []
now:
  clinic_a/1234/: head 20, chain 398b, holes [from 12, to 12], changeOrdinal 22; reads 1-11 of 880 bytes to d531, 13-20 of 640 bytes to 398b
  epoch 1234, ordinals 21 of 22, 19 records, 3675 bytes, hlc 1000140.0, trusted 0, arrivals 2-12 14-21
  damage segment 2, fromOffset 422, toOffset 563, missing [stream clinic_a/1234/, range from 12, to 12]
  verify finds segment 2, offset 422, problem damaged, and not healed yet
  all is read
a reader opens -> needsWriter true, tornBytes 79, copiedBytes 0; Z209 1 records could not be read (00000002.seg, bytes 422 to 563)
it shows:
  clinic_a/1234/: head 20, chain 398b, holes [from 12, to 12], changeOrdinal 21; reads 1-11 of 880 bytes to d531, 13-20 of 640 bytes to 398b
  epoch 1234, ordinals 21 of 21, 19 records, 3596 bytes, hlc 1000140.0, trusted 0, arrivals 2-12 14-21
  damage segment 2, fromOffset 422, toOffset 563, missing [stream clinic_a/1234/, range from 12, to 12]
  read only: Z208 the log is read-only: it was opened for reading only
  verify finds segment 2, offset 422, problem damaged, and not healed yet
  all is read
after a kill -> tornBytes 0, copiedBytes 79
  create 00000004.seg; write 00000004.seg 0+64; append 00000004.seg 64+117; syncDirectory; replace manifest (190); replace manifest-copy (190); replace 00000003.idx (98); truncate 00000003.seg 243
it shows:
  clinic_a/1234/: head 20, chain 398b, holes [from 12, to 12], changeOrdinal 22; reads 1-11 of 880 bytes to d531, 13-20 of 640 bytes to 398b
  epoch 1234, ordinals 21 of 22, 19 records, 3875 bytes, hlc 1000140.0, trusted 0, arrivals 2-12 14-21
  damage segment 2, fromOffset 422, toOffset 563, missing [stream clinic_a/1234/, range from 12, to 12]
  verify finds segment 2, offset 422, problem damaged, and not healed yet
  all is read
close
  append 00000003.seg 322+52; empty checkpoint-a; append checkpoint-a 0+222; syncDirectory
opened again -> isClean true, tornBytes 0, copiedBytes 0
it shows:
  clinic_a/1234/: head 20, chain 398b, holes [from 12, to 12], changeOrdinal 22; reads 1-11 of 880 bytes to d531, 13-20 of 640 bytes to 398b
  epoch 1234, ordinals 21 of 22, 19 records, 3727 bytes, hlc 1000140.0, trusted 0, arrivals 2-12 14-21
  damage segment 2, fromOffset 422, toOffset 563, missing [stream clinic_a/1234/, range from 12, to 12]
  verify finds segment 2, offset 422, problem damaged, and not healed yet
  all is read
`,
};
