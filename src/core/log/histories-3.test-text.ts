/** Written by `node test/fixtures/transcripts.ts`, and read by people. histories.test-kit.ts says how to read a line. */
export const part: Readonly<Record<string, string>> = {
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
a reader opens -> needsWriter true, tornBytes 79, copiedBytes 0; Z209 1 record could not be read (00000002.seg, bytes 422 to 563)
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
