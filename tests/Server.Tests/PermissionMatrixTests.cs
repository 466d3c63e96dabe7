using System.Text;
using System.Text.RegularExpressions;
using Clientele.Platform.Permissions;
using Clientele.Testing;

namespace Clientele.Server.Tests;

/// <summary>
/// Every endpoint of the OpenAPI document × every role × both organizations. What an endpoint asks for stands in the document
/// (<c>x-permission</c>); what a role may stands in its rows; whether they meet is worked out here and compared with what the
/// server does. An endpoint that asks for nothing has to be listed.
/// </summary>
[Trait("Runs", "processes")]
public sealed partial class PermissionMatrixTests(PermissionMatrixTests.App app) : IClassFixture<PermissionMatrixTests.App>
{
    /// <summary>Open to every member: about themselves, or with rules of its own for each table.</summary>
    private static readonly string[] forEveryMember = ["GET /api/organization", "GET /api/data", "GET /api/data/{schema}", "GET /api/data/{schema}/{relation}"];

    /// <summary>Need no session: what a stranger does to get one.</summary>
    private static readonly string[] forStrangers =
    [
        "POST /api/session", "POST /api/session/second-factor", "GET /api/session/ways", "POST /api/session/forgotten", "POST /api/session/reset",
        "POST /api/session/invitation", "POST /api/session/invitation/accept", "GET /api/session/oauth", "GET /api/session/oauth/callback",
    ];

    /// <summary>A person of each role, and one of a role of alpha's own.</summary>
    public sealed class App : TestApp
    {
        public Dictionary<string, HttpClient> People { get; } = [];

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var alpha = Alpha.OrganizationId!.Value;
            await Db.Run($"insert into platform.organization_roles (organization_id, role, rank, access, name, description) values ({alpha}, 'auditor', 5, 'member', 'Auditor', '')", CancellationToken.None);
            await Db.Run($"insert into platform.role_permissions (organization_id, role, permission, resource, action) values ({alpha}, 'auditor', 'user_management', '*', 'read'), ({alpha}, 'auditor', '*', 'imports', '*')", CancellationToken.None);
            foreach (var role in (string[])["super_admin", "admin", "marketing_manager", "data_analyst", "viewer", "auditor"])
            {
                await AddPerson($"{role}@matrix.example", alpha, role);
                People[role] = await SignIn($"{role}@matrix.example", "alpha");
            }
        }

        public override async ValueTask DisposeAsync()
        {
            foreach (var client in People.Values) client.Dispose();
            await base.DisposeAsync();
        }
    }

    private sealed record Operation(string Method, string Path, string? Asks)
    {
        public override string ToString() => $"{Method} {Path}";
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<List<Operation>> Operations() =>
        [.. (await app.Anonymous.Json("openapi/v1.json")).GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o =>
            new Operation(o.Name.ToUpperInvariant(), p.Name, o.Value.TryGetProperty("x-permission", out var asks) ? asks.GetString() : null)))];

    private static async Task<(int Status, string? Code)> Call(HttpClient client, Operation operation, string? organization = null, bool header = true)
    {
        var path = Parameter().Replace(operation.Path, "9a2f9f5e-0000-4000-8000-000000000001");
        // What the framework wants in the query before it calls anybody.
        if (path.EndsWith("/may", StringComparison.Ordinal)) path += "?permission=a&resource=b&action=read";
        if (path.EndsWith("/history", StringComparison.Ordinal)) path += "?key=x";
        using var request = new HttpRequestMessage(new HttpMethod(operation.Method), path);
        if (operation.Method is "POST" or "PUT") request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        if (organization is not null) request.Headers.Add("Clientele-Organization", organization);
        if (!header) client.DefaultRequestHeaders.Remove("X-Clientele");
        return await (await client.SendAsync(request, Ct)).Problem();
    }

    [Fact]
    public async Task Every_endpoint_says_what_it_asks_for_or_is_listed() =>
        Assert.Equal(forEveryMember.Concat(forStrangers).Order(StringComparer.Ordinal),
            (await Operations()).Where(o => o.Asks is null && !(o.Path.StartsWith("/api/session", StringComparison.Ordinal) && !forStrangers.Contains(o.ToString()))).Select(o => o.ToString()).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Each_role_gets_through_exactly_where_its_rows_say()
    {
        var rows = (await app.People["super_admin"].Json("api/roles")).GetProperty("roles").EnumerateArray().ToDictionary(r => r.GetProperty("role").GetString()!,
            r => r.GetProperty("permissions").EnumerateArray().Select(p => $"{p.GetProperty("permission").GetString()}:{p.GetProperty("resource").GetString()}:{p.GetProperty("action").GetString()}").ToList());
        var operations = (await Operations()).Where(o => o.Asks is not null).ToList();
        var (wrong, refused, let) = (new List<string>(), 0, 0);
        foreach (var (role, client) in app.People)
        {
            foreach (var operation in operations)
            {
                var asks = operation.Asks!.Split(':');
                var may = Grants.Allow(role, rows[role], new Can(asks[0], asks[1], asks[2], string.Empty));
                var (status, code) = await Call(client, operation);
                if (may == (status == 403 && code == "forbidden") || status >= 500) wrong.Add($"{role} {operation} ({operation.Asks}): {status} {code}, and may {(may ? "" : "not ")}do it");
                (refused, let) = (refused + (may ? 0 : 1), let + (may ? 1 : 0));
            }
        }
        Assert.Empty(wrong);
        // The rows differ, so both happen often.
        Assert.True(refused > operations.Count && let > operations.Count, $"{refused} {let}");
    }

    [Fact]
    public async Task In_another_organization_no_role_gets_through_anywhere()
    {
        var operations = (await Operations()).Where(o => !o.Path.StartsWith("/api/session", StringComparison.Ordinal)).ToList();
        foreach (var role in app.People.Keys)
        {
            using var client = await app.SignIn($"{role}@matrix.example", "beta");
            foreach (var operation in operations) Assert.Equal((operation, (404, "organization_not_found")), (operation, await Call(client, operation)));
        }
    }

    [Fact]
    public async Task Without_a_session_only_the_ways_to_one_are_open()
    {
        foreach (var operation in await Operations())
        {
            using var nobody = app.Client("alpha");
            var (status, code) = await Call(nobody, operation);
            Assert.True(forStrangers.Contains(operation.ToString()) != (status == 401 && code == "not_signed_in"), $"{operation}: {status} {code}");
        }
    }

    // A page of another site can make a browser send the cookie, and a body of plain text, but not our header.
    [Fact]
    public async Task Nothing_changes_without_the_header_that_no_foreign_page_can_send()
    {
        using var forged = await app.SignIn("super_admin@matrix.example", "alpha");
        foreach (var operation in (await Operations()).Where(o => o.Method != "GET"))
            Assert.Equal((operation, (403, "header_missing")), (operation, await Call(forged, operation, header: false)));
    }

    // Nor is there a way in from another site's page: no answer allows one to read or to send more.
    [Fact]
    public async Task No_answer_invites_another_sites_page()
    {
        foreach (var operation in await Operations())
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, Parameter().Replace(operation.Path, "x"));
            request.Headers.Add("Origin", "https://evil.example");
            request.Headers.Add("Access-Control-Request-Method", operation.Method);
            request.Headers.Add("Access-Control-Request-Headers", "x-clientele");
            using var answer = await app.People["super_admin"].SendAsync(request, Ct);
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        }
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
