/* mbedTLS asks the kernel for randomness, as everything else here does. */
#include "host.h"
#include "psa/crypto.h"

int fill_random(void *unused, unsigned char *out, size_t size) {
  (void)unused;
  random_bytes(out, size);
  return 0;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *output, size_t output_size,
                                             size_t *output_length);

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *output, size_t output_size,
                                             size_t *output_length) {
  (void)context;
  random_bytes(output, output_size);
  *output_length = output_size;
  return PSA_SUCCESS;
}
