/** Written by `node test/fixtures/transcripts.ts`, and read by people. > is who called; conversations.test-kit.ts says how to read a line. */
export const part: Readonly<Record<string, string>> = {
  "a large event goes in fragments, and on from the fragment that arrived": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 970e, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 3, chain 4604]
     0 > range stream 0, from 1, count 1, chainBefore8 2e07, chainAfter8 6f4d, codec 0, rawBytes 50
     0 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 0, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 4096
     0 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 4096, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 4096
     0 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 8192, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 4096
     0 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 12288, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 4096
     0 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 16384, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 100
     0 > range stream 0, from 3, count 1, chainBefore8 e856, chainAfter8 4604, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 2, offset 4096]
   100 < done
   100 < ack entries [stream 0, seq 2, offset 8192]
initiator ends with eventsToSend 3, eventsSent 3, unansweredBytes 16819, remaining 3, endedBy error, Z521
initiator knows peerId hub, codecs 3, completedMs 0, ours [mark ordinal 1, digest 970e, changeOrdinal 6], link false, , saved 1 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+1 from clinic_a
responder stores fragment clinic_a/1000/ 2@0+4096
responder stores fragment clinic_a/1000/ 2@4096+4096
responder ends with eventsReceived 1, endedBy error, clockDifferenceMs -100, Z521
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 0, theirs [mark ordinal 1, digest 970e, entries [id clinic_a/1000/, head 3, chain 4604]], advanced [id clinic_a/1000/, head 3, chain 4604], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 970e, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 3, chain 4604]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 3a0e, entryCount 1, held ordinal 1, digest 970e
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d, partialBytes 8192]
   100 < done
   200 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 8192, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 4096
   200 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 12288, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 4096
   200 > fragment stream 0, seq 2, hlc ms 1759999940002, counter 0, eventType 2, known 00, totalBytes 16484, offset 16384, chainBefore8 6f4d, chainAfter8 e856, codec 0, rawBytes 100
   200 > range stream 0, from 3, count 1, chainBefore8 e856, chainAfter8 4604, codec 0, rawBytes 50
   200 > done
   300 < ack entries [stream 0, seq 2, offset 12288]
   300 < ack entries [stream 0, seq 2, offset 16384]
   300 < ack entries [stream 0, seq 3]
   400 > bye reason done, heldOrdinal 0
   500 < bye reason done, heldOrdinal 1
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 400, confirmed [stream clinic_a/1000/, seq 3, chain 4604], theirs [mark ordinal 2, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d, partialBytes 8192]], advanced [id clinic_a/1000/, head 3, chain 4604], ours [mark ordinal 1, digest 970e, changeOrdinal 6], oursHeld ordinal 1, digest 970e, clockDifferenceMs -100, link true, , saved 1 times
responder stores fragment clinic_a/1000/ 2@8192+4096
responder stores fragment clinic_a/1000/ 2@12288+4096
responder stores fragment clinic_a/1000/ 2@16384+100
responder stores range clinic_a/1000/ 3+1 from clinic_a
responder ends with eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 970e, entries [id clinic_a/1000/, head 3, chain 4604]], advanced [id clinic_a/1000/, head 3, chain 4604], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 3a0e, changeOrdinal 5], clockDifferenceMs -100, link false, , saved 1 times
`,
  "a session that stays open rests, sends what comes, and gives signs of life": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, keepsOpen true, vector ordinal 1, digest 3a0e, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d]
     0 > range stream 0, from 1, count 1, chainBefore8 2e07, chainAfter8 6f4d, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, keepsOpen true, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 1]
   100 < done
   200 > done
  5000 > range stream 0, from 2, count 2, chainBefore8 6f4d, chainAfter8 8e19, codec 0, rawBytes 95
  5000 > done
  5100 < ack entries [stream 0, seq 3]
125200 > ping nonce 0
125300 < pong nonce 0
245400 > ping nonce 0
245500 < pong nonce 0
300000 < stream id hub/2000/to/clinic_a
300000 < range stream 0, from 1, count 1, chainBefore8 ad41, chainAfter8 f167, codec 0, rawBytes 66
300000 < done
300100 > ack entries [stream 0, seq 1]
310000 > ping nonce 0
310100 < pong nonce 0
320000 > bye reason finished, heldOrdinal 1
320100 < bye reason done, heldOrdinal 1
initiator stores mark kind trustedTime, ms 1760000000100
initiator stores mark kind bind, node hub, epoch 8192, fingerprint 8fe5
initiator stores range hub/2000/to/clinic_a 1+1 from hub
initiator ends with eventsToSend 3, eventsSent 3, eventsConfirmed 3, eventsReceived 1, isComplete true, wasResting true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 300100, confirmed [stream clinic_a/1000/, seq 3, chain 8e19], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/, head 3, chain 8e19; id hub/2000/to/clinic_a, head 1, chain f167], ours [mark ordinal 1, digest 3a0e, changeOrdinal 2], clockDifferenceMs -100, link true, , saved 7 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+1 from clinic_a
responder stores range clinic_a/1000/ 2+2 from clinic_a
responder ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, eventsReceived 3, isComplete true, wasResting true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300200, confirmed [stream hub/2000/to/clinic_a, seq 1, chain f167], theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], advanced [id clinic_a/1000/, head 3, chain 8e19; id hub/2000/to/clinic_a, head 1, chain f167], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link true, , saved 4 times
`,
  "a link that goes silent is given up, by either side": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 831a, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 30, chain e3b0]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < done
   200 > range stream 0, from 1, count 30, chainBefore8 2e07, chainAfter8 e3b0, codec 0, rawBytes 6185
   200 > done
 15200 > ping nonce 0
 19050 < ping nonce 0
 45200 > error code 505, text the peer did not answer within 45000 ms (while syncing)
 49050 < error code 505, text the peer did not answer within 48750 ms (while syncing)
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 30, eventsSent 30, unansweredBytes 6210, remaining 30, endedBy error, clockDifferenceMs -100, Z505
initiator knows peerId hub, codecs 3, completedMs 0, ours [mark ordinal 1, digest 831a, changeOrdinal 31], link false, , saved 0 times
responder ends with endedBy error, clockDifferenceMs -100, Z505
responder knows nothing, saved 0 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 831a, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 30, chain e3b0]
     0 > range stream 0, from 1, count 30, chainBefore8 2e07, chainAfter8 e3b0, codec 0, rawBytes 6185
 30000 > error code 505, text the peer did not answer within 30000 ms (before HELLO)
 30000 < error code 505, text the peer did not answer within 30000 ms (before HELLO)
initiator ends with eventsToSend 30, eventsSent 30, unansweredBytes 6210, remaining 30, endedBy error, Z505
initiator knows peerId hub, codecs 3, completedMs 0, ours [mark ordinal 1, digest 831a, changeOrdinal 31], link false, , saved 1 times
responder ends with endedBy error, Z505
responder knows nothing, saved 0 times
`,
  "round trips are measured without moving an event": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, isPingOnly true, vector ordinal 0, digest 0000, entryCount 0
   350 < hello version 1, wallMs 350, codecs 3, isPingOnly true, vector ordinal 0, digest 0000, entryCount 0
   700 > ping nonce 1
  1050 < pong nonce 1
  1400 > ping nonce 2
  1750 < pong nonce 2
  2100 > ping nonce 3
  2450 < pong nonce 3
  2800 > bye reason done, heldOrdinal 0
  3150 < bye reason done, heldOrdinal 0
initiator ends with isComplete true, endedBy done, pingMs [700; 700; 700], clockDifferenceMs -350
initiator knows nothing, saved 0 times
responder ends with endedBy done, clockDifferenceMs -350
responder knows nothing, saved 0 times
`,
  "a rate shapes when frames leave, and on a slow link an urgent event overtakes a backlog": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 332f, entryCount 1, rateBytesPerS 2000
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 40, chain d532]
     0 > range stream 0, from 1, count 11, chainBefore8 2e07, chainAfter8 a853, codec 0, rawBytes 2821
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 11]
   100 < done
  1218 > range stream 0, from 12, count 7, chainBefore8 a853, chainAfter8 a95e, codec 0, rawBytes 1797
  1318 < ack entries [stream 0, seq 18]
  2140 > range stream 0, from 19, count 6, chainBefore8 a95e, chainAfter8 4d58, codec 0, rawBytes 1541
  2240 < ack entries [stream 0, seq 24]
  2934 > range stream 0, from 25, count 6, chainBefore8 4d58, chainAfter8 62bd, codec 0, rawBytes 1541
  3034 < ack entries [stream 0, seq 30]
  3728 > range stream 0, from 31, count 6, chainBefore8 62bd, chainAfter8 1ea8, codec 0, rawBytes 1541
  3828 < ack entries [stream 0, seq 36]
  4522 > range stream 0, from 37, count 4, chainBefore8 1ea8, chainAfter8 d532, codec 0, rawBytes 1029
  4522 > done
  4622 < ack entries [stream 0, seq 40]
  4722 > bye reason done, heldOrdinal 0
  4822 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 40, eventsSent 40, eventsConfirmed 40, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 4722, confirmed [stream clinic_a/1000/, seq 40, chain d532], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/, head 40, chain d532], ours [mark ordinal 1, digest 332f, changeOrdinal 41], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+11 from clinic_a
responder stores range clinic_a/1000/ 12+7 from clinic_a
responder stores range clinic_a/1000/ 19+6 from clinic_a
responder stores range clinic_a/1000/ 25+6 from clinic_a
responder stores range clinic_a/1000/ 31+6 from clinic_a
responder stores range clinic_a/1000/ 37+4 from clinic_a
responder ends with eventsReceived 40, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 4622, theirs [mark ordinal 1, digest 332f, entries [id clinic_a/1000/, head 40, chain d532]], advanced [id clinic_a/1000/, head 40, chain d532], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest e009, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 70, chain 3581]
     0 > prime id clinic_a/1000/, from 1, to 40, chain8 d532
     0 > range stream 0, from 41, count 30, chainBefore8 d532, chainAfter8 3581, codec 0, rawBytes 7685
2813.739013671875 < hello version 1, wallMs 2813, codecs 3, vector ordinal 2, digest 332f, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest 332f
2813.739013671875 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 40, chain d532]
2813.739013671875 < done
2813.739013671875 < ack entries [stream 0, seq 70]
2941.912841796875 > done
2943.30419921875 > bye reason done, heldOrdinal 1
3044.695556640625 < bye reason done, heldOrdinal 1
initiator ends with eventsToSend 30, eventsSent 30, eventsConfirmed 30, isComplete true, endedBy done, clockDifferenceMs -128.912841796875
initiator knows peerId hub, isClean true, codecs 3, completedMs 2943.30419921875, confirmed [stream clinic_a/1000/, seq 70, chain 3581], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 332f, entries [id clinic_a/1000/, head 40, chain d532]], advanced [id clinic_a/1000/, head 70, chain 3581], ours [mark ordinal 1, digest 332f, changeOrdinal 41; mark ordinal 2, digest e009, changeOrdinal 72], oursHeld ordinal 1, digest 332f, clockDifferenceMs -128.912841796875, link true, , saved 2 times
responder stores range clinic_a/1000/ 41+30 from clinic_a
responder ends with eventsReceived 30, isComplete true, endedBy done, clockDifferenceMs -2813.739013671875
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 3042.6083984375, theirs [mark ordinal 1, digest 332f, entries [id clinic_a/1000/, head 40, chain d532]; mark ordinal 2, digest e009, entries [id clinic_a/1000/, head 70, chain 3581]], advanced [id clinic_a/1000/, head 70, chain 3581], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 332f, changeOrdinal 42], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -2813.739013671875, link false, , saved 1 times
`,
  "wrong clocks are reported, and a step of the clock moves no deadline": `
session 1
     0 > hello version 1, wallMs 259200000, codecs 3, vector ordinal 1, digest e807, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain ae71]
     0 > range stream 0, from 1, count 2, chainBefore8 2e07, chainAfter8 ae71, codec 0, rawBytes 67
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 2]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator stores mark kind newEpoch, reason Z518, restartHlcAtMs 100
initiator stores mark kind alarm, id clock 4096, code Z518, text events were stamped 2207519999900 ms ahead of the hub's time: a fresh epoch with the right time begins
initiator reports Z517 peer hub, differenceMs -259200100
initiator reports Z518 aheadMs 447519999900
initiator ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, isComplete true, endedBy done, clockDifferenceMs -259200100
initiator knows peerId hub, isClean true, codecs 3, completedMs 259200200, confirmed [stream clinic_a/1000/, seq 2, chain ae71], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/, head 2, chain ae71], ours [mark ordinal 1, digest e807, changeOrdinal 3], clockDifferenceMs -259200100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+2 from clinic_a
responder reports Z517 peer clinic_a, differenceMs 259199900
responder reports Z519 peer clinic_a, aheadMs 447519999900
responder ends with eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs 259199900
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest e807, entries [id clinic_a/1000/, head 2, chain ae71]], advanced [id clinic_a/1000/, head 2, chain ae71], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs 259199900, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 8666, entryCount 2, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain ae71; id clinic_a/ab99c70d/, head 1, chain 7353]
     0 > range stream 1, from 1, count 1, chainBefore8 ce06, chainAfter8 7353, codec 0, rawBytes 50
  2000 < hello version 1, wallMs 2000, codecs 3, vector ordinal 2, digest e807, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest e807
  2000 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain ae71]
  2000 < ack entries [stream 1, seq 1]
  2000 < done
  4000 > done
  4000 > bye reason done, heldOrdinal 1
  6000 < bye reason done, heldOrdinal 1
initiator ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, isComplete true, endedBy done, clockDifferenceMs -2000
initiator knows peerId hub, isClean true, codecs 3, completedMs 4000, confirmed [stream clinic_a/1000/, seq 2, chain ae71; stream clinic_a/ab99c70d/, seq 1, chain 7353], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest e807, entries [id clinic_a/1000/, head 2, chain ae71]], advanced [id clinic_a/ab99c70d/, head 1, chain 7353], ours [mark ordinal 1, digest e807, changeOrdinal 3; mark ordinal 2, digest 8666, changeOrdinal 7], oursHeld ordinal 1, digest e807, clockDifferenceMs -2000, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 2878981901, fingerprint 2510
responder stores range clinic_a/ab99c70d/ 1+1 from clinic_a
responder ends with eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -2000
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 6000, theirs [mark ordinal 1, digest e807, entries [id clinic_a/1000/, head 2, chain ae71]; mark ordinal 2, digest 8666, entries [id clinic_a/1000/, head 2, chain ae71; id clinic_a/ab99c70d/, head 1, chain 7353]], advanced [id clinic_a/ab99c70d/, head 1, chain 7353], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest e807, changeOrdinal 4], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -2000, link false, , saved 1 times
`,
  "health is told when it has changed": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 3a0e, entryCount 1, health version 0.1.0, diskFreeBytes 1000000, damagedCount 0, quarantinedCount 0, certDaysLeft 300
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d]
     0 > range stream 0, from 1, count 1, chainBefore8 2e07, chainAfter8 6f4d, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 1]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 1, chain 6f4d], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/, head 1, chain 6f4d], ours [mark ordinal 1, digest 3a0e, changeOrdinal 2], clockDifferenceMs -100, link true, sent true, saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+1 from clinic_a
responder ends with eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100, peerHealth version 0.1.0, diskFreeBytes 1000000, damagedCount 0, quarantinedCount 0, certDaysLeft 300
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], advanced [id clinic_a/1000/, head 1, chain 6f4d], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, heard true, saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 3a0e, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 3a0e, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest 3a0e
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator ends with isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 1, chain 6f4d], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], ours [mark ordinal 1, digest 3a0e, changeOrdinal 3], oursHeld ordinal 1, digest 3a0e, clockDifferenceMs -100, link true, sent true, saved 1 times
responder ends with isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 3a0e, changeOrdinal 3], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link false, heard true, saved 1 times

session 3
     0 > hello version 1, wallMs 0, codecs 3, keepsOpen true, vector ordinal 1, digest 3a0e, entryCount 0, base ordinal 1, digest 3a0e, held ordinal 2, digest 3a0e
   100 < hello version 1, wallMs 100, codecs 3, keepsOpen true, vector ordinal 2, digest 3a0e, entryCount 0, base ordinal 2, digest 3a0e, held ordinal 1, digest 3a0e
   100 < done
   200 > done
  2000 > health health version 0.1.0, diskFreeBytes 1000000, damagedCount 0, quarantinedCount 0, troubles [Z220], certDaysLeft 300
  4000 < bye reason fenced, heldOrdinal 0
  4100 > bye reason done, heldOrdinal 2
initiator ends with isComplete true, wasResting true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 1, chain 6f4d], theirs [mark ordinal 2, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], ours [mark ordinal 1, digest 3a0e, changeOrdinal 3], oursHeld ordinal 1, digest 3a0e, clockDifferenceMs -100, link true, sent true, saved 2 times
responder ends with wasResting true, endedBy fenced, clockDifferenceMs -100, peerHealth version 0.1.0, diskFreeBytes 1000000, damagedCount 0, quarantinedCount 0, troubles [Z220], certDaysLeft 300, Z520
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 3a0e, changeOrdinal 3], oursHeld ordinal 2, digest 3a0e, clockDifferenceMs -100, link false, heard true, saved 1 times
`,
  "batches lean on what both hold, and begin anew where the receiver has lost it": `
session 1
     0 > hello version 1, wallMs 0, codecs 63, vector ordinal 1, digest 6327, entryCount 2
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 12, chain 953f; id clinic_a/1000/urgent, head 2, chain a58d]
     0 > batch codec 2, count 2, chainAfter8 a58d, stream 1, start from 1, chainBefore8 879f
     0 > batch codec 2, count 12, chainAfter8 953f, stream 0, start from 1, chainBefore8 2e07
   100 < hello version 1, wallMs 100, codecs 63, vector ordinal 1, digest dca4, entryCount 1
   100 < vector purpose hello, remaining 0, entries [id hub/2000/to/clinic_a, head 3, chain a4e5]
   100 < batch codec 2, count 3, chainAfter8 a4e5, start from 1, chainBefore8 ad41
   100 < ack entries [stream 1, seq 2; stream 0, seq 12]
   100 < done
   200 > ack entries [stream 0, seq 3]
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator stores mark kind bind, node hub, epoch 8192, fingerprint 8fe5
initiator stores range hub/2000/to/clinic_a 1+3 from hub
initiator ends with eventsToSend 14, eventsSent 14, eventsConfirmed 14, eventsReceived 3, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 63, completedMs 200, confirmed [stream clinic_a/1000/urgent, seq 2, chain a58d; stream clinic_a/1000/, seq 12, chain 953f], theirs [mark ordinal 1, digest dca4, entries [id hub/2000/to/clinic_a, head 3, chain a4e5]], advanced [id hub/2000/to/clinic_a, head 3, chain a4e5; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 12, chain 953f], ours [mark ordinal 1, digest 6327, changeOrdinal 15], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/urgent 1+2 from clinic_a
responder stores range clinic_a/1000/ 1+12 from clinic_a
responder ends with eventsToSend 3, eventsSent 3, eventsConfirmed 3, eventsReceived 14, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 63, completedMs 300, confirmed [stream hub/2000/to/clinic_a, seq 3, chain a4e5], theirs [mark ordinal 1, digest 6327, entries [id clinic_a/1000/, head 12, chain 953f; id clinic_a/1000/urgent, head 2, chain a58d]], advanced [id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 12, chain 953f; id hub/2000/to/clinic_a, head 3, chain a4e5], ours [mark ordinal 1, digest dca4, changeOrdinal 4], clockDifferenceMs -100, link true, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 63, vector ordinal 2, digest 6435, entryCount 3, held ordinal 1, digest dca4
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 17, chain d887; id clinic_a/1000/urgent, head 2, chain a58d; id hub/2000/to/clinic_a, head 3, chain a4e5]
     0 > batch codec 2, count 5, start chainBefore4 953f, history 12
   100 < hello version 1, wallMs 100, codecs 63, vector ordinal 2, digest 66f1, entryCount 3, base ordinal 1, digest dca4, held ordinal 1, digest 6327
   100 < vector purpose hello, remaining 0, entries [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 12, chain 953f]
   100 < batch codec 2, count 4, chainAfter8 e1a2, start from 4, chainBefore8 a4e5
   100 < done
   100 < ack entries [stream 0, seq 17]
   200 > done
   200 > ack entries [stream 0, seq 7]
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator stores range hub/2000/to/clinic_a 4+4 from hub
initiator ends with eventsToSend 5, eventsSent 5, eventsConfirmed 5, eventsReceived 4, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 63, completedMs 200, confirmed [stream clinic_a/1000/urgent, seq 2, chain a58d; stream clinic_a/1000/, seq 17, chain d887], theirs [mark ordinal 1, digest dca4, entries [id hub/2000/to/clinic_a, head 3, chain a4e5]; mark ordinal 2, digest 66f1, entries [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 12, chain 953f]], advanced [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/, head 17, chain d887], ours [mark ordinal 1, digest 6327, changeOrdinal 15; mark ordinal 2, digest 6435, changeOrdinal 25], oursHeld ordinal 1, digest 6327, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 13+5 from clinic_a
responder ends with eventsToSend 4, eventsSent 4, eventsConfirmed 4, eventsReceived 5, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 63, completedMs 300, confirmed [stream hub/2000/to/clinic_a, seq 7, chain e1a2], theirs [mark ordinal 1, digest 6327, entries [id clinic_a/1000/, head 12, chain 953f; id clinic_a/1000/urgent, head 2, chain a58d]; mark ordinal 2, digest 6435, entries [id clinic_a/1000/, head 17, chain d887; id clinic_a/1000/urgent, head 2, chain a58d; id hub/2000/to/clinic_a, head 3, chain a4e5]], advanced [id clinic_a/1000/, head 17, chain d887; id hub/2000/to/clinic_a, head 7, chain e1a2], ours [mark ordinal 1, digest dca4, changeOrdinal 4; mark ordinal 2, digest 66f1, changeOrdinal 23], oursHeld ordinal 1, digest dca4, clockDifferenceMs -100, link true, , saved 1 times

session 3
     0 > hello version 1, wallMs 0, codecs 63, vector ordinal 3, digest 7e59, entryCount 2, base ordinal 1, digest 6327, held ordinal 2, digest 66f1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 20, chain 60ac; id hub/2000/to/clinic_a, head 7, chain e1a2]
     0 > batch codec 2, count 3, start chainBefore4 d887, history 17
   100 < hello version 1, wallMs 100, codecs 63, vector ordinal 3, digest 2102, entryCount 1, base ordinal 2, digest 66f1, held ordinal 2, digest 6435
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 17, chain d887, holes [from 15, to 16]]
   100 < noWindow
   100 < done
   200 > history stream 0, to 0, count 0, chain4 0000
   200 > batch codec 2, count 2, chainAfter8 0497, start from 15, chainBefore8 d570
   200 > batch codec 2, count 3, chainAfter8 60ac, start from 18, chainBefore8 d887
   200 > done
   300 < ack entries [stream 0, seq 20]
   400 > bye reason done, heldOrdinal 2
   500 < bye reason done, heldOrdinal 2
initiator ends with eventsToSend 5, eventsSent 5, eventsConfirmed 5, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 63, completedMs 400, confirmed [stream clinic_a/1000/urgent, seq 2, chain a58d; stream clinic_a/1000/, seq 20, chain 60ac], theirs [mark ordinal 2, digest 66f1, entries [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 12, chain 953f]; mark ordinal 3, digest 2102, entries [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 17, chain d887, holes [from 15, to 16]]], advanced [id clinic_a/1000/, head 20, chain 60ac], ours [mark ordinal 1, digest 6327, changeOrdinal 15; mark ordinal 2, digest 6435, changeOrdinal 25; mark ordinal 3, digest 7e59, changeOrdinal 32], oursHeld ordinal 2, digest 6435, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 15+2 from clinic_a
responder stores range clinic_a/1000/ 18+3 from clinic_a
responder ends with eventsReceived 5, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 63, completedMs 300, confirmed [stream hub/2000/to/clinic_a, seq 7, chain e1a2], theirs [mark ordinal 2, digest 6435, entries [id clinic_a/1000/, head 17, chain d887; id clinic_a/1000/urgent, head 2, chain a58d; id hub/2000/to/clinic_a, head 3, chain a4e5]; mark ordinal 3, digest 7e59, entries [id clinic_a/1000/, head 20, chain 60ac; id clinic_a/1000/urgent, head 2, chain a58d; id hub/2000/to/clinic_a, head 7, chain e1a2]], advanced [id clinic_a/1000/, head 20, chain 60ac], ours [mark ordinal 2, digest 66f1, changeOrdinal 23; mark ordinal 1, digest dca4, changeOrdinal 4; mark ordinal 3, digest 2102, changeOrdinal 29], oursHeld ordinal 2, digest 66f1, clockDifferenceMs -100, link true, , saved 1 times

session 4
     0 > hello version 1, wallMs 0, codecs 63, vector ordinal 4, digest 4cbd, entryCount 2, base ordinal 2, digest 6435, held ordinal 3, digest 2102
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 21, chain 6712; id hub/2000/to/clinic_a, head 7, chain e1a2]
     0 > batch codec 2, count 1, start chainBefore4 60ac, history 20
   100 < hello version 1, wallMs 100, codecs 63, vector ordinal 4, digest 7e59, entryCount 1, base ordinal 3, digest 2102, held ordinal 3, digest 7e59
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 20, chain 60ac]
   100 < done
   100 < ack entries [stream 0, seq 21]
   200 > done
   200 > bye reason done, heldOrdinal 3
   300 < bye reason done, heldOrdinal 3
initiator ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 63, completedMs 200, confirmed [stream clinic_a/1000/urgent, seq 2, chain a58d; stream clinic_a/1000/, seq 21, chain 6712], theirs [mark ordinal 3, digest 2102, entries [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 17, chain d887, holes [from 15, to 16]]; mark ordinal 4, digest 7e59, entries [id hub/2000/to/clinic_a, head 7, chain e1a2; id clinic_a/1000/urgent, head 2, chain a58d; id clinic_a/1000/, head 20, chain 60ac]], advanced [id clinic_a/1000/, head 21, chain 6712], ours [mark ordinal 2, digest 6435, changeOrdinal 25; mark ordinal 3, digest 7e59, changeOrdinal 32; mark ordinal 4, digest 4cbd, changeOrdinal 33], oursHeld ordinal 3, digest 7e59, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 21+1 from clinic_a
responder ends with eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 63, completedMs 300, confirmed [stream hub/2000/to/clinic_a, seq 7, chain e1a2], theirs [mark ordinal 3, digest 7e59, entries [id clinic_a/1000/, head 20, chain 60ac; id clinic_a/1000/urgent, head 2, chain a58d; id hub/2000/to/clinic_a, head 7, chain e1a2]; mark ordinal 4, digest 4cbd, entries [id clinic_a/1000/, head 21, chain 6712; id clinic_a/1000/urgent, head 2, chain a58d; id hub/2000/to/clinic_a, head 7, chain e1a2]], advanced [id clinic_a/1000/, head 21, chain 6712], ours [mark ordinal 3, digest 2102, changeOrdinal 29; mark ordinal 1, digest dca4, changeOrdinal 4; mark ordinal 4, digest 7e59, changeOrdinal 34], oursHeld ordinal 3, digest 2102, clockDifferenceMs -100, link true, , saved 1 times
`,
  "another key under the same name is not let in": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 45a2, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain f418]
     0 > range stream 0, from 2, count 1, chainBefore8 6f4d, chainAfter8 f418, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 3a0e, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest 3a0e
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d]
   100 < refused stream 0, reason stream, seq 2, head 0, code 512
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator reports Z510 peer hub, lane , epoch 00001000, code Z512, reason KeyForeign
initiator ends with remaining 1, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 1, chain 6f4d], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], ours [mark ordinal 1, digest 3a0e, changeOrdinal 2; mark ordinal 2, digest 45a2, changeOrdinal 4], oursHeld ordinal 1, digest 3a0e, clockDifferenceMs -100, link true, , saved 2 times
responder reports Z512 node clinic_a, epoch 00001000, peer clinic_a
responder ends with isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]; mark ordinal 2, digest 45a2, entries [id clinic_a/1000/, head 2, chain f418]], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 3a0e, changeOrdinal 3], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link false, , saved 1 times
`,
};
