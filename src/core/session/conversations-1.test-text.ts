/** Written by `node test/fixtures/transcripts.ts`, and read by people. > is who called; conversations.test-kit.ts says how to read a line. */
export const part: Readonly<Record<string, string>> = {
  "a clinic meets its hub for the first time, again with news, and again with none": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 499f, entryCount 3
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/to/hub, head 1, chain 929c]
     0 > range stream 1, from 1, count 1, chainBefore8 879f, chainAfter8 b48f, codec 0, rawBytes 50
     0 > range stream 0, from 1, count 3, chainBefore8 2e07, chainAfter8 8e19, codec 0, rawBytes 140
     0 > range stream 2, from 1, count 1, chainBefore8 d669, chainAfter8 929c, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 1, seq 1; stream 0, seq 3; stream 2, seq 1]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 5, eventsSent 5, eventsConfirmed 5, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/urgent, seq 1, chain b48f; stream clinic_a/1000/, seq 3, chain 8e19; stream clinic_a/1000/to/hub, seq 1, chain 929c], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/to/hub, head 1, chain 929c], ours [mark ordinal 1, digest 499f, changeOrdinal 6], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/urgent 1+1 from clinic_a
responder stores range clinic_a/1000/ 1+3 from clinic_a
responder stores range clinic_a/1000/to/hub 1+1 from clinic_a
responder ends with eventsReceived 5, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 499f, entries [id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/to/hub, head 1, chain 929c]], advanced [id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/to/hub, head 1, chain 929c], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 2138, entryCount 3, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 5, chain e6e2; id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/to/hub, head 1, chain 929c]
     0 > range stream 0, from 4, count 2, chainBefore8 8e19, chainAfter8 e6e2, codec 0, rawBytes 95
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 499f, entryCount 3, base ordinal 1, digest e3b0, held ordinal 1, digest 499f
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/to/hub, head 1, chain 929c]
   100 < done
   100 < ack entries [stream 0, seq 5]
   200 > done
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/urgent, seq 1, chain b48f; stream clinic_a/1000/, seq 5, chain e6e2; stream clinic_a/1000/to/hub, seq 1, chain 929c], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 499f, entries [id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/to/hub, head 1, chain 929c]], advanced [id clinic_a/1000/, head 5, chain e6e2], ours [mark ordinal 1, digest 499f, changeOrdinal 6; mark ordinal 2, digest 2138, changeOrdinal 9], oursHeld ordinal 1, digest 499f, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 4+2 from clinic_a
responder ends with eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 499f, entries [id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/to/hub, head 1, chain 929c]; mark ordinal 2, digest 2138, entries [id clinic_a/1000/, head 5, chain e6e2; id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/to/hub, head 1, chain 929c]], advanced [id clinic_a/1000/, head 5, chain e6e2], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 499f, changeOrdinal 7], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link false, , saved 1 times

session 3
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 2138, entryCount 1, base ordinal 1, digest 499f, held ordinal 2, digest 499f
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 5, chain e6e2]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 3, digest 2138, entryCount 1, base ordinal 2, digest 499f, held ordinal 2, digest 2138
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 5, chain e6e2]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 2
   300 < bye reason done, heldOrdinal 2
initiator ends with isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/urgent, seq 1, chain b48f; stream clinic_a/1000/, seq 5, chain e6e2; stream clinic_a/1000/to/hub, seq 1, chain 929c], theirs [mark ordinal 2, digest 499f, entries [id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/, head 3, chain 8e19; id clinic_a/1000/to/hub, head 1, chain 929c]; mark ordinal 3, digest 2138, entries [id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/, head 5, chain e6e2; id clinic_a/1000/to/hub, head 1, chain 929c]], ours [mark ordinal 1, digest 499f, changeOrdinal 6; mark ordinal 2, digest 2138, changeOrdinal 9], oursHeld ordinal 2, digest 2138, clockDifferenceMs -100, link true, , saved 1 times
responder ends with isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 2, digest 2138, entries [id clinic_a/1000/, head 5, chain e6e2; id clinic_a/1000/urgent, head 1, chain b48f; id clinic_a/1000/to/hub, head 1, chain 929c]], ours [mark ordinal 2, digest 499f, changeOrdinal 7; mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 3, digest 2138, changeOrdinal 9], oursHeld ordinal 2, digest 499f, clockDifferenceMs -100, link false, , saved 1 times
`,
  "results travel down while visits travel up": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 45a2, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain f418]
     0 > range stream 0, from 1, count 2, chainBefore8 2e07, chainAfter8 f418, codec 0, rawBytes 95
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest 19df, entryCount 1
   100 < vector purpose hello, remaining 0, entries [id hub/2000/to/clinic_a, head 2, chain 4833]
   100 < range stream 0, from 1, count 2, chainBefore8 ad41, chainAfter8 4833, codec 0, rawBytes 95
   100 < ack entries [stream 0, seq 2]
   100 < done
   200 > ack entries [stream 0, seq 2]
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator stores mark kind bind, node hub, epoch 8192, fingerprint 8fe5
initiator stores range hub/2000/to/clinic_a 1+2 from hub
initiator ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 2, chain f418], theirs [mark ordinal 1, digest 19df, entries [id hub/2000/to/clinic_a, head 2, chain 4833]], advanced [id hub/2000/to/clinic_a, head 2, chain 4833; id clinic_a/1000/, head 2, chain f418], ours [mark ordinal 1, digest 45a2, changeOrdinal 3], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+2 from clinic_a
responder ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, confirmed [stream hub/2000/to/clinic_a, seq 2, chain 4833], theirs [mark ordinal 1, digest 45a2, entries [id clinic_a/1000/, head 2, chain f418]], advanced [id clinic_a/1000/, head 2, chain f418; id hub/2000/to/clinic_a, head 2, chain 4833], ours [mark ordinal 1, digest 19df, changeOrdinal 5], clockDifferenceMs -100, link true, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest fc5e, entryCount 2, held ordinal 1, digest 19df
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain f418; id hub/2000/to/clinic_a, head 2, chain 4833]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 3c40, entryCount 2, base ordinal 1, digest 19df, held ordinal 1, digest 45a2
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 2, chain f418; id hub/2000/to/clinic_a/urgent, head 1, chain aa9d]
   100 < range stream 1, from 1, count 1, chainBefore8 f284, chainAfter8 aa9d, codec 0, rawBytes 66
   100 < done
   200 > done
   200 > ack entries [stream 1, seq 1]
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator stores range hub/2000/to/clinic_a/urgent 1+1 from hub
initiator ends with eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 2, chain f418], theirs [mark ordinal 1, digest 19df, entries [id hub/2000/to/clinic_a, head 2, chain 4833]; mark ordinal 2, digest 3c40, entries [id hub/2000/to/clinic_a, head 2, chain 4833; id clinic_a/1000/, head 2, chain f418; id hub/2000/to/clinic_a/urgent, head 1, chain aa9d]], advanced [id hub/2000/to/clinic_a/urgent, head 1, chain aa9d], ours [mark ordinal 1, digest 45a2, changeOrdinal 3; mark ordinal 2, digest fc5e, changeOrdinal 7], oursHeld ordinal 1, digest 45a2, clockDifferenceMs -100, link true, , saved 1 times
responder ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, confirmed [stream hub/2000/to/clinic_a, seq 2, chain 4833; stream hub/2000/to/clinic_a/urgent, seq 1, chain aa9d], theirs [mark ordinal 1, digest 45a2, entries [id clinic_a/1000/, head 2, chain f418]; mark ordinal 2, digest fc5e, entries [id clinic_a/1000/, head 2, chain f418; id hub/2000/to/clinic_a, head 2, chain 4833]], advanced [id hub/2000/to/clinic_a/urgent, head 1, chain aa9d], ours [mark ordinal 1, digest 19df, changeOrdinal 5; mark ordinal 2, digest 3c40, changeOrdinal 9], oursHeld ordinal 1, digest 19df, clockDifferenceMs -100, link true, , saved 1 times
`,
  "under the policy all a clinic gets others' streams, but none that is addressed elsewhere": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 3a0e, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d]
     0 > range stream 0, from 1, count 1, chainBefore8 2e07, chainAfter8 6f4d, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, offersAll true, vector ordinal 1, digest 404a, entryCount 1
   100 < vector purpose hello, remaining 0, entries [id clinic_b/1000/, head 3, chain 056f]
   100 < range stream 0, from 1, count 3, chainBefore8 9bab, chainAfter8 056f, codec 0, rawBytes 140
   100 < ack entries [stream 0, seq 1]
   100 < done
   200 > ack entries [stream 0, seq 3]
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator stores range clinic_b/1000/ 1+3 from hub
initiator ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, eventsReceived 3, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 1, chain 6f4d], theirs [mark ordinal 1, digest 404a, entries [id clinic_b/1000/, head 3, chain 056f]], advanced [id clinic_a/1000/, head 1, chain 6f4d], ours [mark ordinal 1, digest 3a0e, changeOrdinal 2], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+1 from clinic_a
responder ends with eventsToSend 3, eventsSent 3, eventsConfirmed 3, eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]], advanced [id clinic_a/1000/, head 1, chain 6f4d; id clinic_b/1000/, head 3, chain 056f], ours [mark ordinal 1, digest 404a, changeOrdinal 6], clockDifferenceMs -100, link true, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 4823, entryCount 2, held ordinal 1, digest 404a
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 1, chain 6f4d; id clinic_b/1000/, head 3, chain 056f]
   100 < hello version 1, wallMs 100, codecs 3, offersAll true, vector ordinal 2, digest 403a, entryCount 2, base ordinal 1, digest 404a, held ordinal 1, digest 3a0e
   100 < vector purpose hello, remaining 0, entries [id clinic_b/1000/, head 4, chain 9a4f; id clinic_a/1000/, head 1, chain 6f4d]
   100 < range stream 0, from 4, count 1, chainBefore8 056f, chainAfter8 9a4f, codec 0, rawBytes 50
   100 < done
   200 > done
   200 > ack entries [stream 0, seq 4]
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator stores range clinic_b/1000/ 4+1 from hub
initiator ends with eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 1, chain 6f4d], theirs [mark ordinal 1, digest 404a, entries [id clinic_b/1000/, head 3, chain 056f]; mark ordinal 2, digest 403a, entries [id clinic_b/1000/, head 4, chain 9a4f; id clinic_a/1000/, head 1, chain 6f4d]], ours [mark ordinal 1, digest 3a0e, changeOrdinal 2; mark ordinal 2, digest 4823, changeOrdinal 6], oursHeld ordinal 1, digest 3a0e, clockDifferenceMs -100, link true, , saved 1 times
responder ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 3a0e, entries [id clinic_a/1000/, head 1, chain 6f4d]; mark ordinal 2, digest 4823, entries [id clinic_a/1000/, head 1, chain 6f4d; id clinic_b/1000/, head 3, chain 056f]], advanced [id clinic_b/1000/, head 4, chain 9a4f], ours [mark ordinal 1, digest 404a, changeOrdinal 6; mark ordinal 2, digest 403a, changeOrdinal 9], oursHeld ordinal 1, digest 404a, clockDifferenceMs -100, link true, , saved 1 times
`,
  "holes on either side are filled from the other, and what nobody holds is declared lost": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 4c0b, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 8, chain 4a55, holes [from 3, to 4]]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 71ea, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest 6538
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 8, chain 4a55, holes [from 6, to 6]]
   100 < range stream 0, from 3, count 2, chainBefore8 f418, chainAfter8 5c4a, codec 0, rawBytes 95
   100 < done
   200 > ack entries [stream 0, seq 4]
   200 > range stream 0, from 6, count 1, chainBefore8 e04f, chainAfter8 bd7b, codec 0, rawBytes 50
   200 > done
   300 < ack entries [stream 0, seq 6]
   400 > bye reason done, heldOrdinal 1
   500 < bye reason done, heldOrdinal 1
initiator stores range clinic_a/1000/ 3+2 from hub
initiator ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 400, confirmed [stream clinic_a/1000/, seq 8, chain 4a55], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 71ea, entries [id clinic_a/1000/, head 8, chain 4a55, holes [from 6, to 6]]], advanced [id clinic_a/1000/, head 8, chain 4a55], ours [mark ordinal 1, digest 6538, changeOrdinal 9; mark ordinal 2, digest 4c0b, changeOrdinal 11], oursHeld ordinal 1, digest 6538, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 6+1 from clinic_a
responder ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 6538, entries [id clinic_a/1000/, head 8, chain 4a55]; mark ordinal 2, digest 4c0b, entries [id clinic_a/1000/, head 8, chain 4a55, holes [from 3, to 4]]], advanced [id clinic_a/1000/, head 8, chain 4a55], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 71ea, changeOrdinal 11], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link true, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 3, digest d9b7, entryCount 1, base ordinal 1, digest 6538, held ordinal 2, digest 71ea
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 12, chain 953f, holes [from 10, to 11]]
     0 > prime id clinic_a/1000/, from 1, to 8, chain8 4a55
     0 > range stream 0, from 9, count 1, chainBefore8 4a55, chainAfter8 b574, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 3, digest 6538, entryCount 1, base ordinal 2, digest 71ea, held ordinal 2, digest 4c0b
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 8, chain 4a55]
   100 < done
   100 < ack entries [stream 0, seq 9]
   200 > lost stream 0, from 10, to 11, chain 6ca0
   200 > range stream 0, from 12, count 1, chainBefore8 6ca0, chainAfter8 953f, codec 0, rawBytes 50
   200 > done
   300 < ack entries [stream 0, seq 12]
   400 > bye reason done, heldOrdinal 2
   500 < bye reason done, heldOrdinal 2
initiator stores mark kind alarm, id lost clinic_a 4096  10, code Z516, text events 10 to 11 of clinic_a, epoch 00001000, lane '', are lost: their origin cannot read them, and no peer has them
initiator stores mark kind lost, stream clinic_a/1000/, from 10, to 11, chain 6ca0
initiator reports Z516 from 10, to 11, node clinic_a, epoch 00001000, lane 
initiator ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 400, confirmed [stream clinic_a/1000/, seq 12, chain 953f], theirs [mark ordinal 2, digest 71ea, entries [id clinic_a/1000/, head 8, chain 4a55, holes [from 6, to 6]]; mark ordinal 3, digest 6538, entries [id clinic_a/1000/, head 8, chain 4a55]], advanced [id clinic_a/1000/, head 12, chain 953f, lost [from 10, to 11]], ours [mark ordinal 1, digest 6538, changeOrdinal 9; mark ordinal 2, digest 4c0b, changeOrdinal 11; mark ordinal 3, digest d9b7, changeOrdinal 18], oursHeld ordinal 2, digest 4c0b, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 9+1 from clinic_a
responder stores mark kind alarm, id lost clinic_a 4096  10, code Z516, text events 10 to 11 of clinic_a, epoch 00001000, lane '', are lost: their origin cannot read them, and no peer has them
responder stores mark kind lost, stream clinic_a/1000/, from 10, to 11, chain 6ca0
responder stores range clinic_a/1000/ 12+1 from clinic_a
responder reports Z516 from 10, to 11, node clinic_a, epoch 00001000, lane 
responder ends with eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 2, digest 4c0b, entries [id clinic_a/1000/, head 8, chain 4a55, holes [from 3, to 4]]; mark ordinal 3, digest d9b7, entries [id clinic_a/1000/, head 12, chain 953f, holes [from 10, to 11]]], advanced [id clinic_a/1000/, head 12, chain 953f, holes [from 10, to 11]], ours [mark ordinal 2, digest 71ea, changeOrdinal 11; mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 3, digest 6538, changeOrdinal 12], oursHeld ordinal 2, digest 71ea, clockDifferenceMs -100, link true, , saved 1 times

session 3
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 4, digest 6857, entryCount 1, base ordinal 2, digest 4c0b, held ordinal 3, digest 6538
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 12, chain 953f, lost [from 10, to 11]]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 4, digest 6857, entryCount 1, base ordinal 3, digest 6538, held ordinal 3, digest d9b7
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 12, chain 953f, lost [from 10, to 11]]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 3
   300 < bye reason done, heldOrdinal 3
initiator ends with isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 12, chain 953f], theirs [mark ordinal 3, digest 6538, entries [id clinic_a/1000/, head 8, chain 4a55]; mark ordinal 4, digest 6857, entries [id clinic_a/1000/, head 12, chain 953f, lost [from 10, to 11]]], ours [mark ordinal 2, digest 4c0b, changeOrdinal 11; mark ordinal 3, digest d9b7, changeOrdinal 18; mark ordinal 4, digest 6857, changeOrdinal 20], oursHeld ordinal 3, digest d9b7, clockDifferenceMs -100, link true, , saved 1 times
responder ends with isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 3, digest d9b7, entries [id clinic_a/1000/, head 12, chain 953f, holes [from 10, to 11]]; mark ordinal 4, digest 6857, entries [id clinic_a/1000/, head 12, chain 953f, lost [from 10, to 11]]], ours [mark ordinal 3, digest 6538, changeOrdinal 12; mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 4, digest 6857, changeOrdinal 16], oursHeld ordinal 3, digest 6538, clockDifferenceMs -100, link true, , saved 1 times
`,
  "a floor is told, and what lies below it is not asked for": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 92af, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true]
     0 > floor stream 0, seq 4, chain 5c4a, byOrigin true
     0 > range stream 0, from 5, count 2, chainBefore8 5c4a, chainAfter8 bd7b, codec 0, rawBytes 95
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 6]
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 0
   300 < bye reason done, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 6, chain bd7b], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true], ours [mark ordinal 1, digest 92af, changeOrdinal 8], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores mark kind floor, stream clinic_a/1000/, floor seq 4, chain 5c4a, byOrigin true, isPeers true
responder stores range clinic_a/1000/ 5+2 from clinic_a
responder ends with eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 92af, entries [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true]], advanced [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 6742, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 7, chain 683b, floor seq 4, chain 5c4a, byOrigin true]
     0 > range stream 0, from 7, count 1, chainBefore8 bd7b, chainAfter8 683b, codec 0, rawBytes 50
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 92af, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest 92af
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true]
   100 < done
   100 < ack entries [stream 0, seq 7]
   200 > done
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 1
initiator ends with eventsToSend 1, eventsSent 1, eventsConfirmed 1, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 7, chain 683b], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 92af, entries [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true]], advanced [id clinic_a/1000/, head 7, chain 683b, floor seq 4, chain 5c4a, byOrigin true], ours [mark ordinal 1, digest 92af, changeOrdinal 8; mark ordinal 2, digest 6742, changeOrdinal 10], oursHeld ordinal 1, digest 92af, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 7+1 from clinic_a
responder ends with eventsReceived 1, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 92af, entries [id clinic_a/1000/, head 6, chain bd7b, floor seq 4, chain 5c4a, byOrigin true]; mark ordinal 2, digest 6742, entries [id clinic_a/1000/, head 7, chain 683b, floor seq 4, chain 5c4a, byOrigin true]], advanced [id clinic_a/1000/, head 7, chain 683b, floor seq 4, chain 5c4a, byOrigin true], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 92af, changeOrdinal 5], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link false, , saved 1 times
`,
  "a restored card finds its hub ahead, pulls, and goes on in a fresh epoch": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 746e, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 4, chain 5c4a]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 3, digest 563e, entryCount 1, base ordinal 1, digest e3b0, held ordinal 2, digest 563e
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 7, chain 683b]
   100 < prime id clinic_a/1000/, from 1, to 4, chain8 5c4a
   100 < range stream 0, from 5, count 3, chainBefore8 5c4a, chainAfter8 683b, codec 0, rawBytes 140
   100 < done
   200 > ack entries [stream 0, seq 7]
   200 > done
   200 > bye reason done, heldOrdinal 1
   300 < bye reason done, heldOrdinal 2
initiator stores mark kind newEpoch, reason Z507
initiator stores mark kind alarm, id rollback 00001000, code Z507, text 'hub' holds events of this node that are not here (epoch 00001000, lane '': up to 7 there, 4 here)
initiator stores range clinic_a/1000/ 5+3 from hub
initiator reports Z507 peer hub, epoch 00001000, lane , theirs 7, ours 4
initiator ends with eventsReceived 3, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 7, chain 683b], theirs [mark ordinal 1, digest e3b0; mark ordinal 3, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]], advanced [id clinic_a/1000/, head 7, chain 683b], ours [mark ordinal 1, digest 746e, changeOrdinal 6], oursHeld ordinal 2, digest 563e, clockDifferenceMs -100, link true, , saved 2 times
responder ends with eventsToSend 3, eventsSent 3, eventsConfirmed 3, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 2, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]; mark ordinal 1, digest 746e, entries [id clinic_a/1000/, head 4, chain 5c4a]], advanced [id clinic_a/1000/, head 7, chain 683b], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 746e, changeOrdinal 6; mark ordinal 3, digest 563e, changeOrdinal 9], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link true, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 3, digest 563e, entryCount 1, held ordinal 3, digest 563e
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 7, chain 683b]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 3, digest 563e, entryCount 0, base ordinal 3, digest 563e, held ordinal 1, digest 746e
   100 < done
   200 > done
   200 > bye reason done, heldOrdinal 3
   300 < bye reason done, heldOrdinal 1
initiator ends with isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 7, chain 683b], theirs [mark ordinal 3, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]], ours [mark ordinal 1, digest 746e, changeOrdinal 6; mark ordinal 3, digest 563e, changeOrdinal 11], oursHeld ordinal 1, digest 746e, clockDifferenceMs -100, link true, , saved 1 times
responder ends with isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 746e, entries [id clinic_a/1000/, head 4, chain 5c4a]; mark ordinal 3, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]], ours [mark ordinal 2, digest 746e, changeOrdinal 6; mark ordinal 3, digest 563e, changeOrdinal 9], oursHeld ordinal 3, digest 563e, clockDifferenceMs -100, link true, , saved 1 times
`,
  "two cards of one clinic: the branch of the second moves": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest c3b3, entryCount 1, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 8, chain 0a07]
     0 > prime id clinic_a/1000/, from 1, to 5, chain8 e04f
     0 > range stream 0, from 6, count 3, chainBefore8 e04f, chainAfter8 0a07, codec 0, rawBytes 170
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 3, digest 563e, entryCount 1, base ordinal 1, digest e3b0, held ordinal 2, digest 563e
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 7, chain 683b]
   100 < done
   100 < refused stream 0, reason fork, seq 8, head 7, code 0
   100 < chains id clinic_a/1000/, head 7, points [seq 7, chain8 683b; seq 6, chain8 bd7b; seq 5, chain8 e04f; seq 3, chain8 8e19]
   200 > chainsQuery id clinic_a/1000/, low 0, high 0
   200 > vector purpose update, remaining 0, entries [id clinic_a/1000/, head 5, chain e04f]
   200 > stream id clinic_a/670669da/
   200 > range stream 1, from 1, count 3, chainBefore8 f69f, chainAfter8 b74c, codec 0, rawBytes 170
   200 > done
   300 < chains id clinic_a/1000/, head 7, points [seq 7, chain8 683b; seq 6, chain8 bd7b; seq 5, chain8 e04f; seq 3, chain8 8e19]
   300 < prime id clinic_a/1000/, from 1, to 5, chain8 e04f
   300 < range stream 0, from 6, count 2, chainBefore8 e04f, chainAfter8 683b, codec 0, rawBytes 95
   300 < ack entries [stream 1, seq 3]
   300 < done
   400 > vector purpose update, remaining 0, entries [id clinic_a/1000/, head 5, chain e04f]
   400 > ack entries [stream 0, seq 7]
   400 > bye reason done, heldOrdinal 1
   500 < bye reason done, heldOrdinal 2
initiator stores mark kind newEpoch, reason Z507
initiator stores mark kind alarm, id rollback 00001000, code Z507, text 'hub' holds events of this node that are not here (epoch 00001000, lane '': up to 5 there, 8 here)
initiator stores mark kind rehome, stream clinic_a/1000/, from 6
initiator stores mark kind alarm, id branch clinic_a 4096  6, code Z508, text events 6 to 8 of epoch 00001000, lane '', were written on top of an older copy, and moved to an epoch of their own
initiator stores range clinic_a/1000/ 6+2 from hub
initiator reports Z507 peer hub, epoch 00001000, lane , theirs 5, ours 8
initiator reports Z508 from 6, to 8, epoch 00001000, lane 
initiator ends with eventsToSend 3, eventsSent 3, eventsConfirmed 3, eventsReceived 2, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 400, confirmed [stream clinic_a/1000/, seq 7, chain 683b; stream clinic_a/670669da/, seq 3, chain b74c], theirs [mark ordinal 1, digest e3b0; mark ordinal 3, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]], advanced [id clinic_a/1000/, head 7, chain 683b; id clinic_a/670669da/, head 3, chain b74c], ours [mark ordinal 1, digest 8e91, changeOrdinal 6; mark ordinal 2, digest c3b3, changeOrdinal 10], oursHeld ordinal 2, digest 563e, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 6+3 from clinic_a
responder stores mark kind bind, node clinic_a, epoch 1728473562, fingerprint 2510
responder stores range clinic_a/670669da/ 1+3 from clinic_a
responder ends with eventsToSend 2, eventsSent 2, eventsConfirmed 2, eventsReceived 3, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 500, theirs [mark ordinal 2, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]; mark ordinal 2, digest c3b3, entries [id clinic_a/1000/, head 8, chain 0a07]], advanced [id clinic_a/1000/, head 7, chain 683b; id clinic_a/670669da/, head 3, chain b74c], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 8e91, changeOrdinal 7; mark ordinal 3, digest 563e, changeOrdinal 9], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link true, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 2, digest 563e, entryCount 1, base ordinal 1, digest 8e91, held ordinal 2, digest 8e91
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 7, chain 683b]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 4, digest a8d0, entryCount 2, base ordinal 2, digest 8e91, held ordinal 2, digest c3b3
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 7, chain 683b; id clinic_a/670669da/, head 3, chain b74c]
   100 < prime id clinic_a/1000/, from 1, to 7, chain8 683b
   100 < range stream 1, from 1, count 3, chainBefore8 f69f, chainAfter8 b74c, codec 0, rawBytes 170
   100 < done
   200 > done
   200 > ack entries [stream 1, seq 3]
   200 > bye reason done, heldOrdinal 2
   300 < bye reason done, heldOrdinal 2
initiator stores range clinic_a/670669da/ 1+3 from hub
initiator ends with eventsReceived 3, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 7, chain 683b; stream clinic_a/670669da/, seq 3, chain b74c], theirs [mark ordinal 2, digest 8e91, entries [id clinic_a/1000/, head 5, chain e04f]; mark ordinal 4, digest a8d0, entries [id clinic_a/1000/, head 7, chain 683b; id clinic_a/670669da/, head 3, chain b74c]], advanced [id clinic_a/670669da/, head 3, chain b74c], ours [mark ordinal 1, digest 8e91, changeOrdinal 6; mark ordinal 2, digest 563e, changeOrdinal 9], oursHeld ordinal 2, digest c3b3, clockDifferenceMs -100, link true, , saved 1 times
responder ends with eventsToSend 3, eventsSent 3, eventsConfirmed 3, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 2, digest c3b3, entries [id clinic_a/1000/, head 8, chain 0a07]; mark ordinal 2, digest 563e, entries [id clinic_a/1000/, head 7, chain 683b]], advanced [id clinic_a/670669da/, head 3, chain b74c], ours [mark ordinal 2, digest 8e91, changeOrdinal 7; mark ordinal 3, digest 563e, changeOrdinal 9; mark ordinal 4, digest a8d0, changeOrdinal 13], oursHeld ordinal 2, digest 8e91, clockDifferenceMs -100, link true, , saved 1 times
`,
  "a budget ends a session in good order, and the next goes on": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 8c47, entryCount 1, receiveBytesMax 1500
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 40, chain 3e3a]
     0 > range stream 0, from 1, count 3, chainBefore8 2e07, chainAfter8 69a3, codec 0, rawBytes 623
     0 > range stream 0, from 4, count 2, chainBefore8 69a3, chainAfter8 897d, codec 0, rawBytes 417
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 5]
   100 < done
   200 > range stream 0, from 6, count 7, chainBefore8 897d, chainAfter8 39d2, codec 0, rawBytes 1447
   200 > done isPartial true
   300 < ack entries [stream 0, seq 12]
   400 > bye reason budget, heldOrdinal 0
   500 < bye reason budget, heldOrdinal 0
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 40, eventsSent 12, eventsConfirmed 12, remaining 28, endedBy budget, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 0, confirmed [stream clinic_a/1000/, seq 12, chain 39d2], theirs [mark ordinal 1, digest e3b0], advanced [id clinic_a/1000/, head 12, chain 39d2], ours [mark ordinal 1, digest 8c47, changeOrdinal 41], clockDifferenceMs -100, link true, , saved 2 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+3 from clinic_a
responder stores range clinic_a/1000/ 4+2 from clinic_a
responder stores range clinic_a/1000/ 6+7 from clinic_a
responder ends with eventsReceived 12, endedBy budget, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 0, theirs [mark ordinal 1, digest 8c47, entries [id clinic_a/1000/, head 40, chain 3e3a]], advanced [id clinic_a/1000/, head 40, chain 3e3a], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 8c47, entryCount 1, receiveBytesMax 1500, held ordinal 1, digest e3b0
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 40, chain 3e3a]
     0 > prime id clinic_a/1000/, from 1, to 12, chain8 39d2
     0 > range stream 0, from 13, count 3, chainBefore8 39d2, chainAfter8 5673, codec 0, rawBytes 623
     0 > range stream 0, from 16, count 2, chainBefore8 5673, chainAfter8 f306, codec 0, rawBytes 417
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest 01d2, entryCount 1, base ordinal 1, digest e3b0, held ordinal 1, digest 8c47
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 12, chain 39d2]
   100 < done
   100 < ack entries [stream 0, seq 17]
   200 > range stream 0, from 18, count 6, chainBefore8 f306, chainAfter8 2705, codec 0, rawBytes 1241
   200 > done isPartial true
   300 < ack entries [stream 0, seq 23]
   400 > bye reason budget, heldOrdinal 1
   500 < bye reason budget, heldOrdinal 1
initiator ends with eventsToSend 28, eventsSent 11, eventsConfirmed 11, remaining 17, endedBy budget, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 0, confirmed [stream clinic_a/1000/, seq 23, chain 2705], theirs [mark ordinal 1, digest e3b0; mark ordinal 2, digest 01d2, entries [id clinic_a/1000/, head 12, chain 39d2]], advanced [id clinic_a/1000/, head 23, chain 2705], ours [mark ordinal 1, digest 8c47, changeOrdinal 42], oursHeld ordinal 1, digest 8c47, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 13+3 from clinic_a
responder stores range clinic_a/1000/ 16+2 from clinic_a
responder stores range clinic_a/1000/ 18+6 from clinic_a
responder ends with eventsReceived 11, endedBy budget, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 0, theirs [mark ordinal 1, digest 8c47, entries [id clinic_a/1000/, head 40, chain 3e3a]], advanced [id clinic_a/1000/, head 40, chain 3e3a], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest 01d2, changeOrdinal 14], oursHeld ordinal 1, digest e3b0, clockDifferenceMs -100, link false, , saved 1 times

session 3
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest 8c47, entryCount 0, base ordinal 1, digest 8c47, held ordinal 2, digest 01d2
     0 > prime id clinic_a/1000/, from 1, to 23, chain8 2705
     0 > stream id clinic_a/1000/
     0 > range stream 0, from 24, count 17, chainBefore8 2705, chainAfter8 3e3a, codec 0, rawBytes 3507
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 3, digest 94b0, entryCount 1, base ordinal 2, digest 01d2, held ordinal 1, digest 8c47
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 23, chain 2705]
   100 < done
   100 < ack entries [stream 0, seq 40]
   200 > done
   200 > bye reason done, heldOrdinal 2
   300 < bye reason done, heldOrdinal 1
initiator ends with eventsToSend 17, eventsSent 17, eventsConfirmed 17, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 200, confirmed [stream clinic_a/1000/, seq 40, chain 3e3a], theirs [mark ordinal 2, digest 01d2, entries [id clinic_a/1000/, head 12, chain 39d2]; mark ordinal 3, digest 94b0, entries [id clinic_a/1000/, head 23, chain 2705]], advanced [id clinic_a/1000/, head 40, chain 3e3a], ours [mark ordinal 1, digest 8c47, changeOrdinal 42], oursHeld ordinal 1, digest 8c47, clockDifferenceMs -100, link true, , saved 2 times
responder stores range clinic_a/1000/ 24+17 from clinic_a
responder ends with eventsReceived 17, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest 8c47, entries [id clinic_a/1000/, head 40, chain 3e3a]], advanced [id clinic_a/1000/, head 40, chain 3e3a], ours [mark ordinal 2, digest 01d2, changeOrdinal 14; mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 3, digest 94b0, changeOrdinal 25], oursHeld ordinal 2, digest 01d2, clockDifferenceMs -100, link false, , saved 1 times
`,
  "what was durable before a cut is not sent again": `
session 1
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest f8e8, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 60, chain b380]
     0 > range stream 0, from 1, count 40, chainBefore8 2e07, chainAfter8 241d, codec 0, rawBytes 12245
     0 > range stream 0, from 41, count 20, chainBefore8 241d, chainAfter8 b380, codec 0, rawBytes 6125
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 1, digest e3b0, entryCount 0
   100 < ack entries [stream 0, seq 40]
   100 < done
initiator ends with eventsToSend 60, eventsSent 60, unansweredBytes 18420, remaining 60, endedBy error, Z521
initiator knows peerId hub, codecs 3, completedMs 0, ours [mark ordinal 1, digest f8e8, changeOrdinal 61], link false, , saved 1 times
responder stores mark kind bind, node clinic_a, epoch 4096, fingerprint 2510
responder stores range clinic_a/1000/ 1+40 from clinic_a
responder ends with eventsReceived 40, endedBy error, clockDifferenceMs -100, Z521
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 0, theirs [mark ordinal 1, digest f8e8, entries [id clinic_a/1000/, head 60, chain b380]], advanced [id clinic_a/1000/, head 60, chain b380], ours [mark ordinal 1, digest e3b0, changeOrdinal 1], clockDifferenceMs -100, link false, , saved 1 times

session 2
     0 > hello version 1, wallMs 0, codecs 3, vector ordinal 1, digest f8e8, entryCount 1
     0 > vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 60, chain b380]
   100 < hello version 1, wallMs 100, codecs 3, vector ordinal 2, digest ac02, entryCount 1, held ordinal 1, digest f8e8
   100 < vector purpose hello, remaining 0, entries [id clinic_a/1000/, head 40, chain 241d]
   100 < done
   200 > prime id clinic_a/1000/, from 1, to 40, chain8 241d
   200 > range stream 0, from 41, count 20, chainBefore8 241d, chainAfter8 b380, codec 0, rawBytes 6125
   200 > done
   300 < ack entries [stream 0, seq 60]
   400 > bye reason done, heldOrdinal 0
   500 < bye reason done, heldOrdinal 1
initiator stores mark kind trustedTime, ms 1760000000100
initiator ends with eventsToSend 20, eventsSent 20, eventsConfirmed 20, isComplete true, endedBy done, clockDifferenceMs -100
initiator knows peerId hub, isClean true, codecs 3, completedMs 400, confirmed [stream clinic_a/1000/, seq 60, chain b380], theirs [mark ordinal 2, digest ac02, entries [id clinic_a/1000/, head 40, chain 241d]], advanced [id clinic_a/1000/, head 60, chain b380], ours [mark ordinal 1, digest f8e8, changeOrdinal 61], oursHeld ordinal 1, digest f8e8, clockDifferenceMs -100, link true, , saved 1 times
responder stores range clinic_a/1000/ 41+20 from clinic_a
responder ends with eventsReceived 20, isComplete true, endedBy done, clockDifferenceMs -100
responder knows peerId clinic_a, isClean true, codecs 3, completedMs 300, theirs [mark ordinal 1, digest f8e8, entries [id clinic_a/1000/, head 60, chain b380]], advanced [id clinic_a/1000/, head 60, chain b380], ours [mark ordinal 1, digest e3b0, changeOrdinal 1; mark ordinal 2, digest ac02, changeOrdinal 42], clockDifferenceMs -100, link false, , saved 1 times
`,
};
