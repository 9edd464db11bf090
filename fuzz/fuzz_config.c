/* Settings files: what is taken, libinih reads as the same settings; its dump is taken again and
 * is the same; what is refused names a line and leaves zeros. */
#include "ini_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct settings {
    uint64_t number;
    uint64_t time;
    uint64_t bytes;
    uint64_t choice;
    bool on;
    char words[PSE_CONF_TEXT];
    char path[PSE_CONF_TEXT];
};

static const struct pse_conf_key keys[] = {
    PSE_CONF_NUMBER(struct settings, number, "a", "number", 2, 1000, "50", "things", PSE_CONF_FIXED,
                    "Number."),
    PSE_CONF_TIME(struct settings, time, "a", "time", 0, UINT64_MAX, "5 s", PSE_CONF_FIXED,
                  "Time."),
    PSE_CONF_SIZE(struct settings, bytes, "b", "bytes", 0, UINT64_MAX, "1 MiB", PSE_CONF_FIXED,
                  "Size."),
    PSE_CONF_CHOICE(struct settings, choice, "b", "choice", "x|yy|z", "yy", PSE_CONF_FIXED,
                    "Choice."),
    PSE_CONF_SWITCH(struct settings, on, "b", "on", "no", PSE_CONF_FIXED, "Switch."),
    PSE_CONF_WORDS(struct settings, words, "a", "words", 0, 900, "", PSE_CONF_FIXED, "Words."),
    PSE_CONF_PATH(struct settings, path, "b", "path", "", PSE_CONF_FIXED, "Path."),
};
static const struct pse_conf conf = {"fuzz", keys, PSE_CONF_COUNT(keys), sizeof(struct settings)};

static void check_taken(const struct settings *s, const uint8_t *data, size_t size)
{
    struct pse_buf text = PSE_BUF(PSE_CONF_FILE_MAX + 1);
    struct pse_buf dump = PSE_BUF(65536);
    struct settings again;
    struct pse_fault fault;

    pse_buf_put(&text, data, size);
    pse_buf_put(&text, "", 1);
    PSE_REQUIRE(text.rc == PSE_OK && ini_oracle_agrees(&conf, s, (const char *)text.p));
    pse_conf_put_dump(&dump, &conf, s);
    PSE_REQUIRE(dump.rc == PSE_OK);
    PSE_REQUIRE(pse_conf_read(&again, &fault, &conf, "f", pse_buf_span(&dump)) == PSE_OK);
    PSE_REQUIRE(memcmp(&again, s, sizeof again) == 0);
    pse_buf_free(&dump);
    pse_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct settings zero;
    struct settings s;
    struct pse_fault fault;

    if (pse_conf_read(&s, &fault, &conf, "f", pse_span(data, size)) == PSE_OK)
        check_taken(&s, data, size);
    else
        PSE_REQUIRE(memcmp(&s, &zero, sizeof s) == 0 && strncmp(fault.text, "f:", 2) == 0);
    return 0;
}
