using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Server.Tests;

/// <summary>What reads the served application and minds nobody's rows: they share one.</summary>
[CollectionDefinition(nameof(OneServer))]
public sealed class OneServer : ICollectionFixture<TestApp>;

/// <summary>
/// The samples call every operation of the OpenAPI document, and nothing that is not there. All of them are sent as they stand: only the
/// variables at the top of a file are filled in, where there is something to fill in; what stays made up is not found.
/// </summary>
[Collection(nameof(OneServer))]
public sealed partial class SamplesTests(TestApp app)
{
    private const string MadeUp = "00000000-0000-0000-0000-000000000000";

    // As much of a JPEG as tells that it is one.
    private static readonly byte[] picture = [0xff, 0xd8, 0xff, 0xe0, 0, 0x10, .. "JFIF"u8, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xd9];

    // What cannot succeed on this server, and how it says so.
    private static readonly Dictionary<string, int> otherwise = new()
    {
        // Nobody has two steps here, nothing was mailed, and the server sends no mail and knows no other service.
        ["POST /api/session/second-factor"] = 401,
        ["POST /api/session/verification"] = 409,
        ["POST /api/session/verify"] = 409,
        ["POST /api/session/forgotten"] = 409,
        ["POST /api/session/reset"] = 409,
        ["POST /api/session/invitation"] = 409,
        ["POST /api/session/invitation/accept"] = 409,
        ["GET /api/session/oauth"] = 404,
        ["GET /api/session/oauth/callback"] = 404,
        ["POST /api/session/two-step/confirm"] = 400,
        ["POST /api/session/two-step/recovery-codes"] = 409,
        // No check has run yet, and only the command serve makes backups.
        ["GET /api/health/check"] = 404,
        ["POST /api/backups"] = 409,
        ["POST /api/backups/{name}/test"] = 409,
        // Whoever was invited has not accepted yet, and who is made up is no member.
        ["PUT /api/people/{id}"] = 409,
        ["POST /api/organization/transfer"] = 400,
    };

    private sealed record Sample(string File, int Line, string Method, string Address, IReadOnlyDictionary<string, string> Headers, string Body)
    {
        public string Path => Address.Split('?')[0];

        /// <summary>Somebody or something is named that is not there.</summary>
        public bool NamesNobody => (Address + Body).Contains(MadeUp, StringComparison.Ordinal);

        public override string ToString() => $"{File}, line {Line}: {Method} {Address}";
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Folder => Path.Combine(SharedData.Root, "samples");

    [Fact]
    public async Task Every_operation_has_a_sample()
    {
        var operations = Operations(JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(SharedData.Root, "docs/api/openapi.json"), Ct)).RootElement);
        var called = Files().SelectMany(f => Read(f)).Select(s => Route(s, operations)).ToHashSet();
        None("No sample calls", operations.Except(called.OfType<string>()));
    }

    [Fact]
    public void Every_sample_calls_what_is_there()
    {
        // A catch-all answers whatever it is asked; the Data API's is a route all the same.
        var routes = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(e => (Path: "/" + e.RoutePattern.RawText!.Trim('/'), Methods: e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST", "PATCH", "PUT", "DELETE"]))
            .Where(r => !r.Path.Contains("{*", StringComparison.Ordinal) || r.Path.StartsWith("/rest/v1/", StringComparison.Ordinal))
            .SelectMany(r => r.Methods.Select(m => $"{m} {r.Path}")).ToList();
        None("There is no route for", Files().SelectMany(f => Read(f)).Where(s => Route(s, routes) is null).Select(s => $"{s}"));
    }

    [Fact]
    [Trait("Runs", "processes")]
    public async Task Every_sample_is_understood()
    {
        var operations = Operations(await app.Anonymous.Json("openapi/v1.json"));
        var alpha = app.Alpha.OrganizationId!.Value;
        var writeKey = await app.Service.One<string>($"select k.public_key from platform.api_keys k where k.organization_id = {alpha} and k.kind = 'write' limit 1", Ct);
        using var issued = await app.Admin.Post("api/keys", new { kind = "secret", name = "Samples", scopes = (string[])["data:read"] });
        var secretKey = JsonDocument.Parse(await issued.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("secret").GetString()!;
        var next = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Guid.Empty:N}0"));
        var job = await app.Service.One<Guid>($"select j.id from platform.scheduled_jobs j where j.organization_id = {alpha} limit 1", Ct);
        var faults = new List<string>();
        foreach (var file in Files())
        {
            // A person for each file: one of them signs out, another turns their language.
            var email = $"{Path.GetFileNameWithoutExtension(file)}@samples.example";
            await app.AddPerson(email, alpha, "super_admin");
            using var client = await app.SignIn(email, "alpha");
            client.DefaultRequestHeaders.Clear();
            // A job is there from the beginning; the events of collect.http, which comes before, make two customers, and customers.http erases one.
            var people = file.EndsWith("files.http", StringComparison.Ordinal) ? [] : await app.Service.List<Guid>($"select c.id from customers.customers c where c.organization_id = {alpha} order by c.customer_id = 'ann' desc limit 2", Ct);
            var made = new Dictionary<string, string> { ["/api/jobs"] = job.ToString() };
            if (people is [var ann, _]) made["/api/customers"] = ann.ToString();
            foreach (var written in Read(file, new() { ["address"] = string.Empty, ["organization"] = "alpha", ["email"] = email, ["password"] = TestApp.Password, ["writeKey"] = writeKey, ["secretKey"] = secretKey, ["next"] = next, ["other"] = people.LastOrDefault().ToString() }))
            {
                var sample = written with { Address = made.Aggregate(written.Address, (address, m) => address.Replace($"{m.Key}/{MadeUp}", $"{m.Key}/{m.Value}", StringComparison.Ordinal)) };
                using var request = new HttpRequestMessage(new HttpMethod(sample.Method), new Uri(app.Address, sample.Address));
                // A file is sent from beside the sample, where everybody has their own.
                if (sample.Body.StartsWith("< ", StringComparison.Ordinal)) request.Content = new ByteArrayContent(picture);
                else if (sample.Body.Length > 0) request.Content = new StringContent(sample.Body);
                foreach (var (name, value) in sample.Headers)
                {
                    if (name == "Content-Type") (request.Content ??= new StringContent(string.Empty)).Headers.ContentType = new(value);
                    else request.Headers.Add(name, value);
                }
                using var answer = await client.SendAsync(request, Ct);
                var status = (int)answer.StatusCode;
                var meant = status is >= 200 and < 300 || status == (otherwise.TryGetValue(Route(sample, operations) ?? string.Empty, out var other) ? other : sample.NamesNobody ? 404 : 200);
                var text = await answer.Content.ReadAsStringAsync(Ct);
                if (!meant) faults.Add($"{sample}: {status} {text}");
                // What a sample makes, the next ones of its file are about. An import runs by itself: it is too soon for half of what they ask.
                if (sample.Method == "POST" && status is 200 or 201 && sample.Path != "/api/imports" && text.StartsWith('{') && JsonDocument.Parse(text).RootElement.TryGetProperty("id", out var id)) made[sample.Path] = id.GetString()!;
            }
        }
        None("Not answered as meant", faults);
    }

    private static void None(string what, IEnumerable<string> found) => Assert.True(!found.Any(), $"{what}:\n{string.Join('\n', found)}");

    private static IEnumerable<string> Files() => Directory.GetFiles(Folder, "*.http").Order(StringComparer.Ordinal);

    private static List<string> Operations(JsonElement document) =>
        [.. document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name}"))];

    /// <summary>The route that a sample calls: the one with the fewest parameters of those that fit, as the server chooses. Null: none.</summary>
    private static string? Route(Sample sample, IEnumerable<string> routes)
    {
        var parts = sample.Path.Trim('/').Split('/');
        return routes.Where(r => Fits(r.Split(' '))).MinBy(r => r.Count(c => c == '{'));

        bool Fits(string[] route)
        {
            if (route[0] != sample.Method) return false;
            var template = route[1].Trim('/').Split('/');
            var rest = template[^1].StartsWith("{*", StringComparison.Ordinal);
            if (rest ? parts.Length < template.Length - 1 : parts.Length != template.Length) return false;
            return template.Take(rest ? template.Length - 1 : template.Length).Zip(parts).All(p => p.First.StartsWith('{') ? p.Second.Length > 0 : p.First == p.Second);
        }
    }

    /// <summary>The requests of a file with its variables filled in, those given here in place of its own.</summary>
    private static List<Sample> Read(string file, Dictionary<string, string>? given = null)
    {
        var variables = new Dictionary<string, string>(given ?? new() { ["address"] = string.Empty });
        var samples = new List<Sample>();
        var lines = File.ReadAllLines(file);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith('@')) variables.TryAdd(lines[i][1..].Split('=')[0].Trim(), lines[i].Split('=', 2)[1].Trim());
            else if (lines[i].Length > 0 && !lines[i].StartsWith('#'))
            {
                var begin = i;
                var headers = new Dictionary<string, string>();
                while (++i < lines.Length && lines[i].Length > 0 && !lines[i].StartsWith('#'))
                    headers.Add(lines[i].Split(':')[0], Fill(lines[i].Split(':', 2)[1].Trim()));
                var body = new List<string>();
                while (i < lines.Length && !lines[i].StartsWith("###", StringComparison.Ordinal)) body.Add(lines[i++]);
                i--;
                var call = lines[begin].Split(' ');
                samples.Add(new Sample(Path.GetFileName(file), begin + 1, call[0], Fill(call[1]), headers, Fill(string.Join('\n', body).Trim())));
            }
        }
        return samples;

        string Fill(string text) => Variable().Replace(text, v => variables.TryGetValue(v.Groups[1].Value, out var value) ? value
            : throw new InvalidOperationException($"{Path.GetFileName(file)} does not say what {v.Value} is."));
    }

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex Variable();
}
