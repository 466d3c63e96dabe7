using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.DataApi.Tests;

/// <summary>
/// Hostile strings in every position of the grammar. Whatever is sent: no 5xx, no error of SQL that shows the text outside a
/// literal or is a matter of syntax, no row of the other organization, nothing of its changed.
/// </summary>
[Trait("Runs", "processes")]
public sealed class FuzzTests(RestTests.App app) : IClassFixture<RestTests.App>
{
    private const string Word = "xyzzy";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly string[] hostile =
    [
        "'", "''", "\"", "\"\"", "\\", "\\\"", "';--", "\";--", "' or '1'='1", "\" or \"1\"=\"1", "1;select pg_sleep(9)", "$1", "$$", "$x$", "/*", "*/", "--", "%", "%%", "_", "*", "(", ")", "((", "))", "()", ",", ",,", ".", "..", "...",
        ":", "::", "::text", "::text); drop table x; --", "->", "->>", "->>'", "!", "!inner", "{}", "{", "}", "[", "]", "{1,\"", "null", "NULL", "not", "not.", "eq.", "is.", "in.()", "in.(", "and(", "or=()", "\u0000", "\u0001", "\ud83d\ude00", "\u202e", "é",
        "ÿ", "organization_id", "x.organization_id", "customers.organization_id", "t0", "t0.*", "r", "r.c0", "xmin", "ctid", "tableoid", "key_hash", "pg_catalog", "information_schema.tables", "current_setting('clientele.organization_id')",
        "set_config('clientele.access','system',false)", "a".PadRight(300, 'a'), "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((", "999999999999999999999999", "-1", "1e999", "NaN", "infinity", "0x10", " ", "  ", "\t", "\n", "+", "&", "=", "#", "?", "union select", "select=*", "count()", "id.sum()", "sum()",
    ];

    // Every position, with @ where the text goes.
    private static readonly string[] positions =
    [
        "customers?select=@", "customers?select=id,@", "customers?select=@:id", "customers?select=id::@", "customers?select=custom_attributes->@", "customers?select=custom_attributes->>@", "customers?select=id.@()", "customers?select=@(id)",
        "customers?select=accounts!@(id)", "customers?select=...@(id)", "customers?select=id,@!inner(id)",
        "customers?@=eq.1", "customers?name=@", "customers?name=eq.@", "customers?name=@.x", "customers?name=like.@", "customers?name=match.@", "customers?name=in.(@)", "customers?name=in.(\"@\")", "customers?name=is.@", "customers?name=fts.@",
        "customers?name=fts(@).x", "customers?name=eq(@).x", "customers?id=eq.@", "customers?id=in.(@)", "customers?tags=cs.@", "customers?custom_attributes->@=eq.1", "customers?custom_attributes->>a=eq.@", "customers?created_at=gt.@",
        "customers?or=(@)", "customers?or=(name.eq.@)", "customers?and=(name.@.x,id.is.null)", "customers?not.and=(@)", "customers?@.or=(id.is.null)", "customers?having=(@)", "customers?select=country,count()&having=(count().gt.@)",
        "customers?order=@", "customers?order=@(id)", "customers?order=name.@", "customers?order=custom_attributes->@", "customers?limit=@", "customers?offset=@", "customers?@.limit=1", "customers?distinct=@", "customers?columns=@", "customers?on_conflict=@",
        "@", "rpc/@", "rpc/x?@=1", "rpc/x?a=@", "customers/@",
    ];

    private static string Put(string position, string text) => string.Join(text.Contains('/', StringComparison.Ordinal) && !position.Contains('?', StringComparison.Ordinal) ? "%2F" : Uri.EscapeDataString(text), position.Split('@'));

    [Fact]
    public async Task Hostile_text_in_every_position_of_the_query()
    {
        var before = await Theirs();
        var faults = new List<string>();
        using var client = Client();
        foreach (var position in positions)
            foreach (var text in hostile)
                if (await Fault(client, HttpMethod.Get, Put(position, Lone(text)), null) is { } fault) faults.Add(fault);
        Assert.Empty(faults);
        Assert.Equal(before, await Theirs());
    }

    [Fact]
    public async Task Hostile_text_in_bodies_and_headers()
    {
        var before = await Theirs();
        var faults = new List<string>();
        using var client = Client();
        foreach (var text in hostile)
        {
            var quoted = JsonSerializer.Serialize(Lone(text));
            foreach (var body in new[] { text, $"{{{quoted}: 1}}", $"{{\"name\": {quoted}}}", $"{{\"id\": {quoted}}}", $"[{{\"custom_attributes\": {{{quoted}: {quoted}}}}}]", $"{{\"tags\": {quoted}}}", $"{{\"organization_id\": {quoted}}}", "[" + text, $"[{quoted}]" })
            {
                if (await Fault(client, HttpMethod.Post, "customers?select=id", body, ("Prefer", "return=representation")) is { } made) faults.Add(made);
                if (await Fault(client, HttpMethod.Patch, "customers?id=eq.00000000-0000-0000-0000-000000000000", body) is { } changed) faults.Add(changed);
            }
            foreach (var header in new[] { "Prefer", "Accept", "Accept-Profile", "Range", "Content-Profile" })
                if (await Fault(client, HttpMethod.Get, "customers?limit=1", null, (header, Printable(text))) is { } refused) faults.Add(refused);
            if (await Fault(client, HttpMethod.Get, "customers?limit=1", null, ("Prefer", "timezone=" + Printable(text))) is { } zone) faults.Add(zone);
        }
        Assert.Empty(faults);
        Assert.Equal(before, await Theirs());
    }

    [Fact]
    public void Random_combinations()
    {
        using var client = Client();
        var pieces = Gen.Elements(hostile.Concat(["id", "name", "customers", "eq", "and", "or", "country", "custom_attributes", "desc"]).ToArray());
        var requests = from position in Gen.Elements(positions)
                       from parts in Gen.ListOf(pieces, 4)
                       select Put(position, Lone(string.Concat(parts)));
        Prop.ForAll(requests.ToArbitrary(), path => Fault(client, HttpMethod.Get, path, null).GetAwaiter().GetResult() is null)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    private Task<string> Theirs() => app.Service.One<string>($"""
        select (select count(*)::text from customers.customers c where c.organization_id = {app.Beta.OrganizationId})
            || (select md5(string_agg(c::text, '' order by c.id)) from customers.customers c where c.organization_id = {app.Beta.OrganizationId})
        """, Ct);

    private HttpClient Client()
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Address, "rest/v1/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", app.Key);
        client.DefaultRequestHeaders.Add("Accept-Profile", "customers");
        client.DefaultRequestHeaders.Add("Content-Profile", "customers");
        return client;
    }

    private static async Task<string?> Fault(HttpClient client, HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        var asked = $"{method} {path} {body} {string.Join(' ', headers.Select(h => $"{h.Name}: {h.Value}"))}: {(int)answer.StatusCode} {text[..Math.Min(300, text.Length)]}";
        if ((int)answer.StatusCode >= 500) return asked;
        if (answer.IsSuccessStatusCode && text.Contains(Word, StringComparison.Ordinal)) return "beta's: " + asked;
        // The language of to_tsquery has a syntax of its own.
        if (path.Contains("fts", StringComparison.Ordinal) && (text.Contains("in tsquery: ", StringComparison.Ordinal) || text.Contains("escaped character", StringComparison.Ordinal))) return null;
        // Syntax is ours alone: an error of it means that text became SQL.
        return text.Contains("\"42601\"", StringComparison.Ordinal) || text.Contains("\"42P10\"", StringComparison.Ordinal) || text.Contains("\"42P02\"", StringComparison.Ordinal) || text.Contains("syntax error at", StringComparison.Ordinal) ? "syntax: " + asked : null;
    }

    // Half a surrogate cannot be sent.
    private static string Lone(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Printable(string text) => string.Concat(text.Where(c => c is >= ' ' and < '\u007f'));
}
