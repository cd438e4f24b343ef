/*
 * Keys on P-256, requests (RFC 2986) and certificates (RFC 5280), made and read by
 * mbedTLS. Which are to be made, and what is in them, is said by src/edge/x509.ts.
 */
#include <string.h>

#include "connection.h"
#include "mbedtls/md.h"
#include "mbedtls/oid.h"
#include "mbedtls/pk.h"
#include "mbedtls/sha256.h"
#include "mbedtls/x509_crt.h"
#include "mbedtls/x509_csr.h"

enum { pem_bytes_max = 2048, spki_bytes_max = 256, uri_bytes_max = 96, hash_bytes = 32 };

static JSValue failed(JSContext *ctx, const char *what, int status) {
  return JS_ThrowInternalError(ctx, "%s: -0x%04x", what, (unsigned)-status);
}

/* keyMake(): a fresh P-256 key as PEM. */
static JSValue call_make_key(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  uint8_t pem[pem_bytes_max];
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  int status = mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  if (status == 0)
    status = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), fill_random, NULL);
  if (status == 0) status = mbedtls_pk_write_key_pem(&key, pem, sizeof pem);
  mbedtls_pk_free(&key);
  JSValue result =
      status == 0 ? JS_NewString(ctx, (const char *)pem) : failed(ctx, "making a key", status);
  memset(pem, 0, sizeof pem);
  return result;
}

static int parse_key(JSContext *ctx, JSValueConst value, mbedtls_pk_context *out) {
  size_t size = 0;
  const char *pem = JS_ToCStringLen(ctx, &size, value);
  if (pem == NULL) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    return MBEDTLS_ERR_PK_KEY_INVALID_FORMAT;
  }
  int status =
      mbedtls_pk_parse_key(out, (const uint8_t *)pem, size + 1, NULL, 0, fill_random, NULL);
  JS_FreeCString(ctx, pem);
  return status;
}

static JSValue spki_of(JSContext *ctx, mbedtls_pk_context *key) {
  uint8_t der[spki_bytes_max];
  /* mbedTLS writes DER from the end of the buffer. */
  int size = mbedtls_pk_write_pubkey_der(key, der, sizeof der);
  if (size < 0) return failed(ctx, "a public key", size);
  return new_bytes(ctx, der + sizeof der - size, (size_t)size);
}

/* keyToSpki(pem): the public half of a private key, DER; null when it cannot be read. */
static JSValue call_spki(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  JSValue result = parse_key(ctx, argv[0], &key) == 0 ? spki_of(ctx, &key) : JS_NULL;
  mbedtls_pk_free(&key);
  return result;
}

/* requestMake(subject, uri, keyPem): PEM. */
static JSValue call_make_request(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *subject = get_path(ctx, argv[0]);
  if (subject == NULL) return JS_EXCEPTION;
  const char *uri = get_path(ctx, argv[1]);
  if (uri == NULL) {
    JS_FreeCString(ctx, subject);
    return JS_EXCEPTION;
  }
  uint8_t pem[pem_bytes_max];
  mbedtls_pk_context key;
  mbedtls_x509write_csr request;
  mbedtls_x509_san_list names;
  memset(&names, 0, sizeof names);
  names.node.type = MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER;
  names.node.san.unstructured_name.p = (uint8_t *)(uintptr_t)uri;
  names.node.san.unstructured_name.len = strlen(uri);
  mbedtls_pk_init(&key);
  mbedtls_x509write_csr_init(&request);
  mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
  int status = parse_key(ctx, argv[2], &key);
  mbedtls_x509write_csr_set_key(&request, &key);
  if (status == 0) status = mbedtls_x509write_csr_set_subject_name(&request, subject);
  if (status == 0) status = mbedtls_x509write_csr_set_subject_alternative_name(&request, &names);
  if (status == 0)
    status = mbedtls_x509write_csr_pem(&request, pem, sizeof pem, fill_random, NULL);
  mbedtls_x509write_csr_free(&request);
  mbedtls_pk_free(&key);
  JS_FreeCString(ctx, uri);
  JS_FreeCString(ctx, subject);
  return status == 0 ? JS_NewString(ctx, (const char *)pem) : failed(ctx, "a request", status);
}

static bool signature_fits(mbedtls_x509_csr *request) {
  uint8_t hash[hash_bytes];
  const mbedtls_x509_buf *signature = &request->MBEDTLS_PRIVATE(sig);
  return request->MBEDTLS_PRIVATE(sig_md) == MBEDTLS_MD_SHA256 &&
         mbedtls_sha256(request->cri.p, request->cri.len, hash, 0) == 0 &&
         mbedtls_pk_verify(&request->pk, MBEDTLS_MD_SHA256, hash, sizeof hash, signature->p,
                           signature->len) == 0;
}

static bool is_p256(const mbedtls_pk_context *key) {
  return mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY &&
         mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) == MBEDTLS_ECP_DP_SECP256R1;
}

/* The only common name of a request that has no alternative name. */
static bool read_common_name(const mbedtls_x509_csr *request, char *out, size_t room) {
  size_t count = 0;
  for (const mbedtls_x509_name *each = &request->subject; each != NULL; each = each->next) {
    if (each->oid.p == NULL || MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &each->oid) != 0) continue;
    if (++count > 1 || each->val.len >= room || memchr(each->val.p, 0, each->val.len) != NULL)
      return false;
    memcpy(out, each->val.p, each->val.len);
    out[each->val.len] = 0;
  }
  return count == 1;
}

/*
 * requestRead(pem): { isP256, isSigned, uri, commonName, spki }, or null when it cannot be
 * read. `uri` is "" when there are alternative names and none of ours, null when there are none.
 */
static JSValue call_read_request(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  size_t size = 0;
  const char *pem = JS_ToCStringLen(ctx, &size, argv[0]);
  if (pem == NULL) return JS_EXCEPTION;
  mbedtls_x509_csr request;
  mbedtls_x509_csr_init(&request);
  JSValue result = JS_NULL;
  if (mbedtls_x509_csr_parse(&request, (const uint8_t *)pem, size + 1) == 0) {
    char uri[uri_bytes_max] = "";
    char name[uri_bytes_max] = "";
    bool has_names = request.subject_alt_names.buf.p != NULL;
    if (has_names && !read_uri(&request.subject_alt_names, uri, sizeof uri)) uri[0] = 0;
    if (!read_common_name(&request, name, sizeof name)) name[0] = 0;
    result = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, result, "isP256", JS_NewBool(ctx, is_p256(&request.pk)));
    JS_SetPropertyStr(ctx, result, "isSigned", JS_NewBool(ctx, signature_fits(&request)));
    JS_SetPropertyStr(ctx, result, "uri", has_names ? JS_NewString(ctx, uri) : JS_NULL);
    JS_SetPropertyStr(ctx, result, "commonName", JS_NewString(ctx, name));
    JS_SetPropertyStr(ctx, result, "spki", spki_of(ctx, &request.pk));
  }
  mbedtls_x509_csr_free(&request);
  JS_FreeCString(ctx, pem);
  return result;
}

/* A critical alternative name: one URI (RFC 5280, 4.2.1.6, tag 6). */
static int set_uri(mbedtls_x509write_cert *certificate, const char *uri) {
  uint8_t der[uri_bytes_max + 4];
  size_t size = strlen(uri);
  if (size > uri_bytes_max) return MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
  der[0] = 0x30;
  der[1] = (uint8_t)(size + 2);
  der[2] = 0x86;
  der[3] = (uint8_t)size;
  memcpy(der + 4, uri, size);
  return mbedtls_x509write_crt_set_extension(
      certificate, MBEDTLS_OID_SUBJECT_ALT_NAME, MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 1,
      der, size + 4);
}

static int set_usage(mbedtls_x509write_cert *certificate, bool is_server) {
  mbedtls_asn1_sequence client = {
      .buf = {.tag = MBEDTLS_ASN1_OID,
              .len = MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH),
              .p = (uint8_t *)(uintptr_t)MBEDTLS_OID_CLIENT_AUTH},
      .next = NULL};
  mbedtls_asn1_sequence server = {
      .buf = {.tag = MBEDTLS_ASN1_OID,
              .len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH),
              .p = (uint8_t *)(uintptr_t)MBEDTLS_OID_SERVER_AUTH},
      .next = &client};
  return mbedtls_x509write_crt_set_ext_key_usage(certificate, is_server ? &server : &client);
}

/* What certificateMake is given. */
typedef struct {
  const char *subject;
  const char *not_after;
  const char *uri;
  Bytes serial;
  Bytes spki;
  bool is_server;
  mbedtls_pk_context issuer_key;
  mbedtls_pk_context subject_key;
  mbedtls_x509_crt issuer;
  bool has_issuer;
} Order;

static int write_certificate(Order *order, uint8_t *pem) {
  mbedtls_x509write_cert certificate;
  mbedtls_x509write_crt_init(&certificate);
  mbedtls_x509write_crt_set_version(&certificate, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&certificate, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_issuer_key(&certificate, &order->issuer_key);
  mbedtls_x509write_crt_set_subject_key(
      &certificate, order->has_issuer ? &order->subject_key : &order->issuer_key);
  char issuer_name[256];
  int status = 0;
  if (order->has_issuer) {
    int size = mbedtls_x509_dn_gets(issuer_name, sizeof issuer_name, &order->issuer.subject);
    status = size < 0 ? size : mbedtls_x509write_crt_set_issuer_name(&certificate, issuer_name);
  } else {
    status = mbedtls_x509write_crt_set_subject_name(&certificate, order->subject);
    if (status == 0) status = mbedtls_x509write_crt_set_issuer_name(&certificate, order->subject);
  }
  if (status == 0)
    status = mbedtls_x509write_crt_set_serial_raw(&certificate, order->serial.data,
                                                  order->serial.size);
  if (status == 0)
    status = mbedtls_x509write_crt_set_validity(&certificate, "19700101000000", order->not_after);
  if (status == 0 && order->has_issuer) status = set_usage(&certificate, order->is_server);
  if (status == 0 && order->has_issuer) status = set_uri(&certificate, order->uri);
  if (status == 0 && !order->has_issuer)
    status = mbedtls_x509write_crt_set_basic_constraints(&certificate, 1, 0);
  if (status == 0 && !order->has_issuer)
    status = mbedtls_x509write_crt_set_key_usage(
        &certificate, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN);
  if (status == 0)
    status = mbedtls_x509write_crt_pem(&certificate, pem, pem_bytes_max, fill_random, NULL);
  mbedtls_x509write_crt_free(&certificate);
  return status;
}

static JSValue make(JSContext *ctx, Order *order, JSValueConst key, JSValueConst issuer) {
  uint8_t pem[pem_bytes_max];
  mbedtls_pk_init(&order->issuer_key);
  mbedtls_pk_init(&order->subject_key);
  mbedtls_x509_crt_init(&order->issuer);
  int status = parse_key(ctx, key, &order->issuer_key);
  if (status == 0 && order->has_issuer) {
    if (!parse_certificate(ctx, issuer, &order->issuer)) status = MBEDTLS_ERR_X509_INVALID_FORMAT;
    else status = mbedtls_pk_parse_public_key(&order->subject_key, order->spki.data, order->spki.size);
  }
  if (status == 0) status = write_certificate(order, pem);
  mbedtls_pk_free(&order->issuer_key);
  mbedtls_pk_free(&order->subject_key);
  mbedtls_x509_crt_free(&order->issuer);
  return status == 0 ? JS_NewString(ctx, (const char *)pem) : failed(ctx, "a certificate", status);
}

/* authorityMake(subject, serial, notAfter, keyPem): a CA's own certificate. Dates as YYYYMMDDhhmmss. */
static JSValue call_make_authority(JSContext *ctx, JSValueConst self, int argc,
                                   JSValueConst *argv) {
  (void)self; (void)argc;
  Order order = {.has_issuer = false};
  if (get_bytes(ctx, argv[1], &order.serial) < 0) return JS_EXCEPTION;
  order.subject = get_path(ctx, argv[0]);
  order.not_after = order.subject == NULL ? NULL : get_path(ctx, argv[2]);
  JSValue result =
      order.not_after == NULL ? JS_EXCEPTION : make(ctx, &order, argv[3], JS_UNDEFINED);
  if (order.not_after != NULL) JS_FreeCString(ctx, order.not_after);
  if (order.subject != NULL) JS_FreeCString(ctx, order.subject);
  return result;
}

/* certificateMake(uri, isServer, serial, notAfter, spki, authorityPem, authorityKeyPem): a node's. */
static JSValue call_make_certificate(JSContext *ctx, JSValueConst self, int argc,
                                     JSValueConst *argv) {
  (void)self; (void)argc;
  Order order = {.has_issuer = true, .is_server = JS_ToBool(ctx, argv[1]) == 1};
  if (get_bytes(ctx, argv[2], &order.serial) < 0 || get_bytes(ctx, argv[4], &order.spki) < 0)
    return JS_EXCEPTION;
  order.uri = get_path(ctx, argv[0]);
  order.not_after = order.uri == NULL ? NULL : get_path(ctx, argv[3]);
  JSValue result = order.not_after == NULL ? JS_EXCEPTION : make(ctx, &order, argv[6], argv[5]);
  if (order.not_after != NULL) JS_FreeCString(ctx, order.not_after);
  if (order.uri != NULL) JS_FreeCString(ctx, order.uri);
  return result;
}

static const HostFunction functions[] = {
    {"keyMake", 0, call_make_key},
    {"keyToSpki", 1, call_spki},
    {"requestMake", 3, call_make_request},
    {"requestRead", 1, call_read_request},
    {"authorityMake", 4, call_make_authority},
    {"certificateMake", 7, call_make_certificate},
};

void add_authority(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
