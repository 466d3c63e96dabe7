using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Events.Tests;

/// <summary>JSON Schema in SQL, and reading a property as a type.</summary>
public sealed class ProblemsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<string> Problems(string schema, string properties) =>
        database.Db.One<string>($"select array_to_string(events.problems({schema}::jsonb, {properties}::jsonb), '; ')", Ct);

    [Theory]
    [InlineData("""{"properties":{"quantity":{"type":"integer","minimum":1}},"required":["sku"]}""", """{"quantity":0}""", "sku is required; quantity must be at least 1")]
    [InlineData("""{"properties":{"quantity":{"type":"integer"}}}""", """{"quantity":1.5}""", "quantity must be integer, not number")]
    [InlineData("""{"properties":{"quantity":{"type":"integer"}}}""", """{"quantity":1.0}""", "")]
    [InlineData("""{"properties":{"note":{"type":["string","null"]}}}""", """{"note":null}""", "")]
    [InlineData("""{"properties":{"note":{"type":["string","null"]}}}""", """{"note":7}""", "note must be string or null, not number")]
    [InlineData("""{"properties":{"items":{"type":"array","minItems":1,"items":{"properties":{"price":{"exclusiveMinimum":0}}}}}}""", """{"items":[{"price":1},{"price":0}]}""", "items[1].price must be more than 0")]
    [InlineData("""{"properties":{"a":{"properties":{"b":{"maxLength":2}},"additionalProperties":false}}}""", """{"a":{"b":"ééé","c":1}}""", "a.b must have at most 2 characters; a.c is not known")]
    [InlineData("""{"properties":{"rate":{"maximum":1,"multipleOf":0.01}}}""", """{"rate":1.005}""", "rate must be at most 1; rate must be a multiple of 0.01")]
    [InlineData("""{"properties":{"at":{"format":"date-time"},"on":{"format":"date"},"id":{"format":"uuid"},"mail":{"format":"email"},"page":{"format":"uri"}}}""",
        """{"at":"2026-03-01T12:00:00","on":"2026-02-30","id":"7","mail":"me","page":"shop"}""",
        "at must be a time with its offset, as in 2026-03-01T12:00:00Z; id must be a UUID; on must be a day, as in 2026-03-01; mail must be an e-mail address; page must be a URI")]
    [InlineData("""{"properties":{"unit":{"enum":["mg","mL"]},"currency":{"const":"XOF"},"lot":{"pattern":"^L"}}}""", """{"unit":"mmol","currency":"EUR","lot":"x"}""", "lot must match ^L; unit must be one of mg, mL; currency must be XOF")]
    public async Task Each_problem_names_the_property_and_the_rule(string schema, string properties, string expected) =>
        Assert.Equal(expected.Split("; ").Order(), (await Problems(schema, properties)).Split("; ").Order());

    // The suite's own words for what a stricter reader of mail addresses, URIs and leap seconds would see.
    private static readonly string[] looser =
    [
        "an invalid date-time with leap second on a wrong minute, UTC", "an invalid date-time with leap second on a wrong hour, UTC", "a quoted string with a space in the local part is valid",
        "a quoted string with a double dot in the local part is valid", "a quoted string with a @ in the local part is valid", "an invalid IPv4-address-literal", "invalid userinfo",
        "non-numeric port is invalid", "leading zero in an embedded IPv4 address is invalid", "square brackets are not allowed in a path segment",
    ];

    private sealed record Case(string Name, JsonElement Schema, JsonElement Data, bool Valid);

    [Fact]
    public async Task The_JSON_Schema_test_suite_agrees_on_every_keyword_that_is_known()
    {
        if (SharedData.Find("vectors/json-schema-test-suite/tests/draft2020-12") is not { } folder) { Assert.Skip("The JSON Schema test suite is not beside the project."); return; }
        string[] files = ["type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "items", "minItems", "maxItems", "properties",
            "required", "additionalProperties", "boolean_schema", "optional/format/date-time", "optional/format/date", "optional/format/uuid", "optional/format/email", "optional/format/uri"];
        var cases = (from file in files
                     from set in JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, file + ".json"))).RootElement.EnumerateArray()
                     from test in set.GetProperty("tests").EnumerateArray()
                     // PostgreSQL's jsonb holds no U+0000.
                     where !(set.GetProperty("schema").GetRawText() + test.GetProperty("data").GetRawText()).Contains("\\u0000", StringComparison.Ordinal)
                     select new Case($"{file}: {set.GetProperty("description").GetString()}: {test.GetProperty("description").GetString()}", set.GetProperty("schema"), test.GetProperty("data"), test.GetProperty("valid").GetBoolean())).ToList();
        var answers = await database.Db.List<string>($"""
            select case when cardinality(events.schema_problems(t.schema::jsonb)) > 0 then 'unknown' else (cardinality(events.problems(t.schema::jsonb, t.data::jsonb)) = 0)::text end
            from unnest({cases.Select(c => c.Schema.GetRawText()).ToArray()}, {cases.Select(c => c.Data.GetRawText()).ToArray()}) with ordinality as t (schema, data, place)
            order by t.place
            """, Ct);
        var judged = cases.Zip(answers).Where(p => p.Second != "unknown").ToList();
        Assert.True(judged.Count > 400, $"{judged.Count} of {cases.Count}");
        Assert.Empty(judged.Where(p => p.First.Valid != (p.Second == "true") && !looser.Any(l => p.First.Name.EndsWith(l, StringComparison.Ordinal))).Select(p => p.First.Name));
    }

    [Theory]
    [InlineData("""{"oneOf":[]}""", "oneOf")]
    [InlineData("""{"properties":{"a":{"type":"text"}}}""", "a: \"text\" is no type")]
    [InlineData("""{"properties":{"a":{"pattern":"("}}}""", "no regular expression")]
    [InlineData("""{"properties":{"a":{"items":{"format":"ipv4"}}}}""", "a.items")]
    [InlineData("""{"required":[1]}""", "required must list names")]
    [InlineData("""{"multipleOf":0}""", "above 0")]
    [InlineData("7", "must be an object")]
    public async Task A_rule_that_would_not_be_heeded_makes_a_schema_unusable(string schema, string problem) =>
        Assert.Contains(problem, await database.Db.One<string>($"select array_to_string(events.schema_problems({schema}::jsonb), '; ')", Ct), StringComparison.Ordinal);

    [Fact]
    public async Task Values_are_read_as_their_type_or_as_null()
    {
        var read = await database.Db.One<JsonElement>($"""
            select jsonb_build_object(
                'text', events.as_text('"x"'), 'no text', events.as_text('7'),
                'number', events.as_number('1.50'), 'no number', events.as_number('"1.50"'),
                'integer', events.as_integer('3.0'), 'no integer', events.as_integer('3.5'), 'too large', events.as_integer('1e300'), 'largest', events.as_integer('9223372036854775807'),
                'boolean', events.as_boolean('true'), 'no boolean', events.as_boolean('"true"'),
                'moment', events.as_moment('"2026-03-01T12:00:00.25+05:30"') at time zone 'UTC', 'no zone', events.as_moment('"2026-03-01T12:00:00"'), 'no day', events.as_moment('"2026-02-29T12:00:00Z"'),
                'no hour', events.as_moment('"2026-03-01T24:00:00Z"'), 'no offset', events.as_moment('"2026-03-01T12:00:00+16:00"'), 'words', events.as_moment('"yesterday"'), 'digits', events.as_moment('"2026-03-0aT12:00:00Z"'),
                'date', events.as_date('"2024-02-29"'), 'no date', events.as_date('"2100-02-29"'), 'year 0', events.as_date('"0000-01-01"'), 'more', events.as_date('"2024-02-290"'),
                'uuid', events.as_uuid('"0190A6E0-0000-7000-8000-000000000001"'), 'no uuid', events.as_uuid('"0190a6e0"'),
                'array', events.as_array('[1]'), 'no array', events.as_array('"[1]"'), 'object', events.as_object(jsonb_build_object('a', 1)), 'missing', events.as_text(null))
            """, Ct);
        string[] nulls = ["no text", "no number", "no integer", "too large", "no boolean", "no zone", "no day", "no hour", "no offset", "words", "digits", "no date", "year 0", "more", "no uuid", "no array", "missing"];
        Assert.All(nulls, name => Assert.Equal(JsonValueKind.Null, read.GetProperty(name).ValueKind));
        Assert.Equal(("x", 1.50m, 3, 9223372036854775807, true), (read.GetProperty("text").GetString(), read.GetProperty("number").GetDecimal(), read.GetProperty("integer").GetInt32(), read.GetProperty("largest").GetInt64(), read.GetProperty("boolean").GetBoolean()));
        Assert.Equal(("2026-03-01T06:30:00.25", "2024-02-29"), (read.GetProperty("moment").GetString(), read.GetProperty("date").GetString()));
        // Whatever passes for a day or a moment, PostgreSQL reads.
        Assert.Equal(0, await database.Db.One<long>($"""
            select count(*) from generate_series(date '1896-01-01', date '2104-12-31', interval '1 day') as d
            where not events.is_date(to_char(d, 'YYYY-MM-DD')) or events.as_date(to_jsonb(to_char(d, 'YYYY-MM-DD'))) <> d
            """, Ct));
        Assert.Equal(0, await database.Db.One<long>($"""
            select count(*) from generate_series(1, 12) as m, generate_series(29, 32) as d, unnest(array[1900, 2000, 2023, 2024]) as y, to_char(y, 'FM0000') as a, to_char(m, 'FM00') as b, to_char(d, 'FM00') as c
            where events.is_date(concat_ws('-', a, b, c)) <> (d <= extract(day from make_date(y, m, 1) + interval '1 month - 1 day'))
            """, Ct));
    }
}
