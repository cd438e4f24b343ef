/*
 * A plugin for qemu-user: counts the guest's instructions, and writes the sum to the file that
 * `out=` names. Declares what it needs of qemu's plugin interface (version 1) itself.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
typedef uint64_t plugin_id;
typedef void (*translated)(plugin_id, struct qemu_plugin_tb *);
typedef void (*ended)(plugin_id, void *);
enum inline_operation { ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translated);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum inline_operation, void *, uint64_t);
void qemu_plugin_register_atexit_cb(plugin_id, ended, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* Not atomic: what is measured has one thread. */
static uint64_t executed;
static char out_path[4096];

static void on_translated(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void on_end(plugin_id id, void *data) {
  (void)id;
  (void)data;
  FILE *out = fopen(out_path, "w");
  if (out == NULL) return;
  fprintf(out, "%llu\n", (unsigned long long)executed);
  fclose(out);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *machine, int argc, char **argv) {
  (void)machine;
  if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) return -1;
  snprintf(out_path, sizeof out_path, "%s", argv[0] + 4);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
  qemu_plugin_register_atexit_cb(id, on_end, NULL);
  return 0;
}
