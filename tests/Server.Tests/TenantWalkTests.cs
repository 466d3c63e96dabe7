using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Audit;
using Clientele.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Clientele.Server.Tests;

/// <summary>
/// Alpha asks every endpoint for everything that is beta's, with each id of beta in each place where an id goes. No answer
/// is a 5xx or holds a word of beta's, and not a row of beta's changes. Whoever adds an endpoint or a parameter says in
/// <see cref="calls"/> how it is called; until then these tests fail.
/// </summary>
[Trait("Runs", "processes")]
public sealed partial class TenantWalkTests(TenantWalkTests.App app) : IClassFixture<TenantWalkTests.App>
{
    /// <summary>Stands in every name, address, product, country and file of beta's, and nowhere else.</summary>
    private const string Word = "xyzzy";

    private const string Mapping = """
        {"mapping": {
            "format": {"date": "yyyy-MM-dd HH:mm", "currency": "EUR"},
            "columns": {"orderNumber": "Order", "orderedAt": "Date", "productId": "Article", "productName": "Name", "quantity": "Quantity",
                        "unitPrice": "Price", "customerId": "Customer", "customerName": "Person", "customerEmail": "Email", "country": "Country"},
            "kinds": {"order": "^[0-9]+$", "refund": "^C"}
        }}
        """;

    /// <summary>How an endpoint is called: its body, and each query it is to be asked with. Words in braces are filled in.</summary>
    /// <param name="Lists">Answers with an empty list, not with 404, when the id in its path is nobody's.</param>
    /// <param name="Status">How it answers when there is nothing to do for it; 0: with success.</param>
    /// <param name="OfPeople">Its id is a person's or a word: asked with the organization's, its people's and their sessions', and not with those of all tables.</param>
    private sealed record Call(string? Body = null, string[]? Queries = null, bool Lists = false, int Status = 0, bool OfPeople = false);

    // In this order; the last ones end the session.
    private static readonly Dictionary<string, Call> calls = new()
    {
        ["POST /api/session"] = new($$"""{"email": "{email}", "password": "{{TestApp.Password}}"}"""),
        ["GET /api/session"] = new(),
        ["PUT /api/session/preferences"] = new("""{"language": "fr", "theme": "dark"}"""),
        ["GET /api/organization"] = new(),
        ["PUT /api/organization"] = new("""{"name": "Plugh Ltd", "timeZone": "Europe/Paris"}"""),
        ["GET /api/audit"] = new(null, ["", "actor=ann&action=update&object=organization&objectId=1&from=2024-01-01T00:00:00Z&to=2030-01-01T00:00:00Z&severity=info&text=xyz&limit=200", "before={before}"]),
        ["GET /api/audit/words"] = new(),
        ["GET /api/audit/export.csv"] = new(null, ["", "actor=ann&action=update&object=organization&objectId=1&from=2024-01-01T00:00:00Z&to=2030-01-01T00:00:00Z&severity=info&text=xyz"]),
        ["GET /api/health"] = new(null, ["", "hours=168"]),
        ["GET /api/health/check"] = new(null, ["service=xyzzy&name=xyzzy&hours=24&ofOrganization=true"], Status: 404),
        ["GET /api/errors"] = new(null, ["", "scope=organization&state=open&severity=error&source=platform&text=xyzzy&limit=200", "before={before}"]),
        ["GET /api/errors/{id}"] = new(null, ["", "scope=organization"]),
        ["PUT /api/errors/{id}"] = new("""{"state": "resolved"}""", ["", "scope=organization"]),
        ["GET /api/operator/database"] = new(Status: 403),
        ["GET /api/settings"] = new(null, ["", "environment=staging"]),
        ["PUT /api/settings/{key}"] = new("""{"value": 12}"""),
        ["DELETE /api/settings/{key}"] = new(null, ["environment=staging&reason=plugh"]),
        ["GET /api/settings/{key}/history"] = new(null, ["", "environment=staging"]),
        ["GET /api/keys"] = new(),
        ["POST /api/keys"] = new("""{"kind": "secret", "name": "plugh"}"""),
        ["PUT /api/keys/{id}"] = new("""{"name": "plugh"}"""),
        ["POST /api/keys/{id}/rotate"] = new("""{"overlapHours": 1}"""),
        ["GET /api/keys/{id}/usage"] = new(null, ["", "days=7"]),
        ["DELETE /api/keys/{id}"] = new(),
        ["GET /api/rate-limits"] = new(),
        ["POST /api/rate-limits"] = new("""{"name": "plugh", "route": "/plugh", "maxRequests": 1000, "windowSeconds": 60}"""),
        ["PUT /api/rate-limits/{id}"] = new("""{"maxRequests": 1}"""),
        ["DELETE /api/rate-limits/{id}"] = new(),
        ["GET /api/jobs"] = new(),
        ["GET /api/jobs/schedule"] = new(null, ["cron=0 2 * * *&timeZone=Europe/Paris"]),
        ["GET /api/jobs/{id}"] = new(),
        ["PUT /api/jobs/{id}"] = new("""{"cronExpression": "0 5 * * *"}"""),
        ["POST /api/jobs/{id}/run"] = new(),
        ["GET /api/jobs/{id}/runs"] = new(null, ["", "status=failed&limit=200", "before={before}"]),
        ["GET /api/jobs/runs/{run}"] = new(null, ["", "after=3"]),
        ["POST /api/jobs/runs/{run}/cancel"] = new(),
        ["GET /api/backups"] = new(Status: 403),
        ["POST /api/backups"] = new(Status: 403),
        ["POST /api/backups/{name}/test"] = new(Status: 403, OfPeople: true),
        ["GET /api/imports/fields"] = new(null, ["kind=orders"]),
        ["POST /api/imports"] = new("Order,Date\n1,2\n", ["kind=orders&name=plugh.csv"]),
        ["GET /api/imports"] = new(),
        ["GET /api/imports/{id}"] = new(),
        ["GET /api/imports/{id}/preview"] = new(null, ["", "delimiter=,&encoding=utf-8"]),
        ["POST /api/imports/{id}/check"] = new(Mapping),
        ["POST /api/imports/{id}/start"] = new(Mapping),
        ["POST /api/imports/{id}/cancel"] = new(),
        ["POST /api/imports/{id}/undo"] = new(),
        ["GET /api/imports/{id}/rejects.csv"] = new(),
        ["GET /api/imports/{id}/mapping.json"] = new(),
        ["DELETE /api/imports/{id}"] = new(),
        ["GET /api/customers"] = new(null, ["", $"search={Word}", "country=Xyzzyland", "sort=-revenue&limit=200", "cursor={cursor}"]),
        ["GET /api/customers/{id}"] = new(),
        ["GET /api/customers/{id}/timeline"] = new(null, ["", "type=order_completed&limit=200", "before={before}"], Lists: true),
        ["GET /api/customers/{id}/orders"] = new(null, ["", "limit=200", "before={before}"], Lists: true),
        ["GET /api/customers/{id}/merges"] = new(Lists: true),
        ["POST /api/customers/{id}/merge"] = new("""{"merged": "9a2f9f5e-0000-4000-8000-000000000001", "reason": "plugh"}"""),
        ["POST /api/customers/{id}/merges/{merge}/undo"] = new(),
        ["GET /api/customers/{id}/files"] = new(null, ["", "before={before}"]),
        ["POST /api/customers/{id}/files"] = new(null, ["name=plugh.json&sensitive=true"]),
        ["POST /api/customers/{id}/files/{file}/link"] = new(null, ["", "minutes=5&show=true"]),
        ["DELETE /api/customers/{id}/files/{file}"] = new(),
        ["GET /api/files"] = new(null, ["", "before={before}"]),
        ["POST /api/files"] = new(null, ["name=plugh.json&sensitive=true"]),
        ["GET /api/files/{id}"] = new(),
        ["POST /api/files/{id}/link"] = new(null, ["", "minutes=5&show=true"]),
        ["DELETE /api/files/{id}"] = new(),
        ["PUT /api/customers/{id}/tracking"] = new("""{"refused": true}"""),
        ["DELETE /api/customers/{id}"] = new(),
        ["GET /api/events/newest"] = new(null, ["", "limit=200"]),
        ["GET /api/events/live"] = new(null, ["", "limit=200", "type=page_viewed"]),
        ["GET /api/sources"] = new(),
        ["GET /api/batches"] = new(),
        ["POST /api/batches/{id}/cancel"] = new(),
        ["GET /api/merges"] = new(),
        ["GET /api/orders/{id}"] = new(),
        ["GET /api/overview"] = new(null, ["", "from=2024-03-01&to=2024-03-31&interval=day", "country=Xyzzyland"]),
        ["GET /api/overview/countries"] = new(),
        ["GET /api/data"] = new(),
        ["GET /api/data/{schema}"] = new(),
        ["GET /api/data/{schema}/{relation}"] = new(),
        ["GET /api/data/{schema}/{relation}/history"] = new(null, ["key=x&limit=200", "key=x&before={before}"]),
        ["GET /api/palette"] = new(null, [$"query={Word}", "query=1", $"query={Word}@example.com"]),
        ["POST /api/analytics/query"] = new("""{"kind": "trend", "from": "2024-03-01", "to": "2024-03-31", "breakdown": [{"property": "status"}, {"attribute": "country"}], "series": [{"event": "order_completed"}]}""",
            ["", "engine=sql", "format=csv", "later=false", "wait=5"]),
        ["POST /api/analytics/query/timeline"] = new("""{"kind": "timeline", "from": "2024-03-01", "to": "2024-03-31", "customer": "9a2f9f5e-0000-4000-8000-000000000001"}"""),
        ["POST /api/analytics/query/customers"] = new("""{"query": {"kind": "segment", "where": {"kind": "count", "events": {}, "operator": "greater_or_equal", "value": 0} }, "limit": 200}"""),
        ["POST /api/analytics/query/sql"] = new("""{"kind": "stickiness"}"""),
        ["GET /api/analytics/queries/{id}"] = new(),
        ["DELETE /api/analytics/queries/{id}"] = new(),
        ["GET /api/analytics/timelines"] = new(),
        ["GET /api/analytics/vocabulary"] = new(),
        ["GET /api/analytics/values"] = new(null, ["attribute=country&limit=100", "property=status&event=order_completed&search=x", "field=country"]),
        ["GET /api/session/ways"] = new(),
        ["POST /api/session/second-factor"] = new("""{"challenge": "x", "code": "123456"}""", Status: 401),
        ["POST /api/session/forgotten"] = new("""{"email": "eve@xyzzy.example"}""", Status: 409),
        ["POST /api/session/reset"] = new("""{"token": "x", "password": "a new pass phrase"}""", Status: 409),
        ["POST /api/session/verification"] = new(Status: 409),
        ["POST /api/session/verify"] = new("""{"token": "x"}""", Status: 409),
        ["POST /api/session/invitation"] = new("""{"token": "x"}""", Status: 409),
        ["POST /api/session/invitation/accept"] = new("""{"token": "x"}""", Status: 409),
        ["GET /api/session/oauth"] = new(null, ["", "next=/"], Status: 404),
        ["GET /api/session/oauth/callback"] = new(Status: 404),
        ["GET /api/session/sessions"] = new(),
        ["DELETE /api/session/sessions"] = new(),
        ["DELETE /api/session/sessions/{id}"] = new(OfPeople: true),
        ["GET /api/session/two-step"] = new(),
        ["POST /api/session/two-step"] = new($$"""{"password": "{{TestApp.Password}}"}"""),
        ["POST /api/session/two-step/confirm"] = new("""{"code": "x"}""", Status: 400),
        ["POST /api/session/two-step/recovery-codes"] = new($$"""{"password": "{{TestApp.Password}}"}""", Status: 409),
        ["POST /api/session/two-step/off"] = new($$"""{"password": "{{TestApp.Password}}"}"""),
        ["POST /api/session/organizations"] = new("""{"name": "Plugh"}""", Status: 403),
        ["POST /api/organization/transfer"] = new("""{"to": "9a2f9f5e-0000-4000-8000-000000000001"}""", Status: 403),
        ["POST /api/organization/close"] = new("""{"name": "alpha"}""", Status: 403),
        ["POST /api/organization/reopen"] = new(Status: 403),
        ["POST /api/workspaces"] = new("""{"name": "Plugh", "slug": "{slug}"}"""),
        ["PUT /api/workspaces/{id}"] = new("""{"name": "Plugh"}"""),
        ["POST /api/workspaces/{id}/close"] = new(),
        ["POST /api/workspaces/{id}/reopen"] = new(),
        ["GET /api/people"] = new(),
        ["POST /api/people"] = new("""{"email": "new-{email}", "role": "viewer"}"""),
        ["POST /api/people/{id}/invitation"] = new(OfPeople: true),
        ["PUT /api/people/{id}"] = new("""{"role": "viewer"}""", OfPeople: true),
        ["DELETE /api/people/{id}"] = new(OfPeople: true),
        ["GET /api/people/{id}/may"] = new(null, ["permission=customer_data&resource=customers&action=read"], OfPeople: true),
        ["GET /api/roles"] = new(),
        ["POST /api/roles"] = new("""{"role": "plugh", "beside": "viewer"}""", Status: 403),
        ["PUT /api/roles/{role}"] = new("""{"name": "Plugh"}""", Status: 403, OfPeople: true),
        ["DELETE /api/roles/{role}"] = new(Status: 403, OfPeople: true),
        ["PUT /api/session/password"] = new($$"""{"currentPassword": "{{TestApp.Password}}", "newPassword": "a new pass phrase"}"""),
        ["DELETE /api/session"] = new(),
    };

    private sealed record Answer(string Operation, string Asked, int Status, string Text)
    {
        public override string ToString() => $"{Asked}: {Status} {Text[..Math.Min(Text.Length, 300)]}";
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_endpoint_is_walked_with_all_its_parameters()
    {
        var document = (await app.Anonymous.Json("openapi/v1.json")).GetProperty("paths");
        var operations = document.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => (Name: $"{o.Name.ToUpperInvariant()} {p.Name}", o.Value))).ToList();
        Assert.Empty(operations.Select(o => o.Name).Except(calls.Keys));
        Assert.Empty(calls.Keys.Except(operations.Select(o => o.Name)));

        // A route may be left out of the document, but not out of the walk.
        var routes = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(m => $"{m} {Constraint().Replace("/" + e.RoutePattern.RawText!.Trim('/'), "}")}"))
            .Where(r => r.Contains(" /api/", StringComparison.Ordinal));
        Assert.Empty(routes.Except(calls.Keys));

        foreach (var (name, operation) in operations)
        {
            if (!operation.TryGetProperty("parameters", out var parameters)) continue;
            var asked = (calls[name].Queries ?? []).SelectMany(q => q.Split('&')).Select(p => p.Split('=')[0]).ToHashSet();
            Assert.All(parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query"),
                p => Assert.True(asked.Contains(p.GetProperty("name").GetString()!), $"{name} is never asked with {p.GetProperty("name")}"));
        }
    }

    [Fact]
    public async Task Nothing_of_beta_is_seen_or_changed_in_alpha()
    {
        var before = await app.Theirs();
        var answers = await Walk(app, "alpha", calls.Keys);

        Assert.Empty(answers.SelectMany(a => Faults(app, a)));
        foreach (var answer in answers)
        {
            if (calls[answer.Operation].Status is > 0 and var status) Assert.True(answer.Status == status, $"{answer}");
            else if (!answer.Operation.Contains('{', StringComparison.Ordinal)) Assert.True(answer.Status is >= 200 and < 300, $"not called as it should be: {answer}");
            else if (calls[answer.Operation].Lists) Assert.True(answer.Status == 200 && (answer.Text.Contains("\"items\":[]", StringComparison.Ordinal) || answer.Text.StartsWith("[]", StringComparison.Ordinal)), $"{answer}");
            else Assert.True(answer.Status == 404, $"{answer}");
        }
        Assert.Equal(before, await app.Theirs());
    }

    [Fact]
    public async Task To_name_beta_in_the_header_opens_nothing()
    {
        var before = await app.Theirs();
        var answers = await Walk(app, "beta", calls.Keys);

        Assert.Empty(answers.SelectMany(a => Faults(app, a)));
        Assert.All(answers.Where(a => !a.Operation.Contains("/api/session", StringComparison.Ordinal)),
            a => Assert.True(a.Status == 404 && a.Text.Contains("organization_not_found", StringComparison.Ordinal), $"{a}"));
        Assert.Equal(before, await app.Theirs());
    }

    // Without this, a walk that looks for the wrong words would find nothing wherever it looks.
    [Fact]
    public async Task Beta_itself_sees_its_words_at_every_endpoint()
    {
        var reading = calls.Keys.Where(c => c.StartsWith("GET ", StringComparison.Ordinal)).ToList();
        var answers = await Walk(app, "beta", reading, app.Stranger);
        var seeing = answers.Where(a => a.Status == 200 && a.Text.Contains(Word, StringComparison.OrdinalIgnoreCase)).Select(a => a.Operation).Distinct();
        // The catalogue is the same for everybody; the history of rows has its own second organization, in BrowseTests.
        // What is about the person who asks, and what is the same in every organization until it is changed.
        string[] own = ["GET /api/session/ways", "GET /api/session/oauth", "GET /api/session/oauth/callback", "GET /api/session/sessions", "GET /api/session/two-step", "GET /api/people/{id}/may", "GET /api/roles", "GET /api/backups"];
        Assert.Equal(["GET /api/audit/words", "GET /api/operator/database", "GET /api/settings/{key}/history", "GET /api/jobs/schedule", "GET /api/imports/fields", "GET /api/data", "GET /api/data/{schema}", "GET /api/data/{schema}/{relation}", "GET /api/data/{schema}/{relation}/history", "GET /api/analytics/queries/{id}", "GET /api/analytics/timelines", "GET /api/analytics/vocabulary"], reading.Except(seeing).Except(own));
    }

    // A policy too many on each table: what stands between the organizations now is only what the endpoints say themselves.
    [Fact]
    [Trait("Runs", "processes")]
    public async Task A_leak_would_be_noticed()
    {
        await using var leaking = new App();
        await leaking.InitializeAsync();
        await leaking.Superuser($"do $$ declare t text; begin for t in {App.TenantTables} loop execute format('create policy leak on %s to clientele_app using (true) with check (true)', t); end loop; end $$");
        var before = await leaking.Theirs();
        var answers = await Walk(leaking, "alpha", calls.Keys);

        var leaks = answers.Where(a => Faults(leaking, a).Any()).Select(a => a.Operation).ToHashSet();
        Assert.Superset(new HashSet<string> { "GET /api/imports", "GET /api/imports/{id}", "GET /api/imports/{id}/preview", "GET /api/imports/{id}/rejects.csv", "POST /api/imports/{id}/undo" }, leaks);
        var after = await leaking.Theirs();
        Assert.Contains("platform.imports", before.Keys.Where(t => before[t] != after[t]));
    }

    private static IEnumerable<string> Faults(App app, Answer answer)
    {
        if (answer.Status >= 500) yield return $"failed: {answer}";
        if (answer.Text.Contains(Word, StringComparison.OrdinalIgnoreCase)) yield return $"a word of beta's: {answer}";
        // What was asked for may be named in the answer; anything else of beta's may not.
        foreach (var id in app.TheirIds.Where(i => !answer.Asked.Contains(i, StringComparison.Ordinal) && answer.Text.Contains(i, StringComparison.Ordinal)))
            yield return $"an id of beta's ({id}): {answer}";
    }

    /// <summary>Calls the operations in the order of <see cref="calls"/>, as a new administrator of alpha unless somebody is given.</summary>
    private static async Task<List<Answer>> Walk(App app, string organization, IEnumerable<string> operations, HttpClient? somebody = null)
    {
        var email = $"{Guid.NewGuid():N}@plugh.example";
        if (somebody is null) await app.AddPerson(email, app.Alpha.OrganizationId!.Value, "admin");
        var client = somebody ?? await app.SignIn(email, organization);
        var answers = new List<Answer>();
        foreach (var operation in operations)
        {
            var (method, path) = (operation.Split(' ')[0], operation.Split(' ')[1]);
            var call = calls[operation];
            foreach (var id in !path.Contains('{', StringComparison.Ordinal) ? [string.Empty] : call.OfPeople ? app.TheirIds.Take(app.TheirPeople + 1) : app.TheirIds)
            {
                foreach (var query in call.Queries ?? [string.Empty])
                {
                    var address = PathParameter().Replace(path, id) + "?" + query.Replace("{cursor}", app.Cursor, StringComparison.Ordinal).Replace("{before}", app.Before, StringComparison.Ordinal);
                    using var request = new HttpRequestMessage(new HttpMethod(method), address.TrimEnd('?'));
                    if (method is "POST" or "PUT") request.Content = new StringContent((call.Body ?? "{}").Replace("{email}", email, StringComparison.Ordinal).Replace("{slug}", email[..20], StringComparison.Ordinal), Encoding.UTF8, "application/json");
                    using var answer = await client.SendAsync(request, Ct);
                    answers.Add(new Answer(operation, $"{method} {address}", (int)answer.StatusCode, $"{await answer.Content.ReadAsStringAsync(Ct)}\n{answer.Headers}{answer.Content.Headers}"));
                }
            }
        }
        if (somebody is null) client.Dispose();
        return answers;
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex PathParameter();

    [GeneratedRegex(@"(:[^}]*)?\}")]
    private static partial Regex Constraint();

    /// <summary>Both organizations have people, orders, events and imports; beta has one in every state.</summary>
    public sealed class App : TestApp
    {
        /// <summary>A select of every table that holds rows of organizations.</summary>
        public const string TenantTables = """
            select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid
            where a.attname = 'organization_id' and not a.attisdropped and c.relkind in ('r', 'p') and not c.relispartition
            """;

        private const string Header = "Order,Date,Article,Name,Quantity,Price,Customer,Person,Email,Country\n";

        private static CancellationToken Ct => CancellationToken.None;

        /// <summary>Ids of what is beta's, whatever it is.</summary>
        public IReadOnlyList<string> TheirIds { get; private set; } = [];

        /// <summary>How many of them, after the organization's own, are of people and their sessions.</summary>
        public int TheirPeople { get; private set; }

        /// <summary>Where beta's list of customers goes on.</summary>
        public string Cursor { get; private set; } = string.Empty;

        /// <summary>Where the orders of one of them go on.</summary>
        public string Before { get; private set; } = string.Empty;

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await Service.Run($"update platform.organizations o set name = 'Xyzzy Ltd' where o.slug = 'beta'", Ct);
            await AddPerson("eve@xyzzy.example", Beta.OrganizationId!.Value, "viewer");
            using (await SignIn("eve@xyzzy.example", "beta")) { }

            // The numbers of the orders and the days are the same, so that only the organization tells them apart.
            await Import(Admin, "plugh.csv", Header + "1,2024-03-01 10:00,P1,Plugh cup,1,5.00,ann,Ann Plugh,ann@plugh.example,Plughland\n");
            var done = await Import(Stranger, "xyzzy.csv", Header.Replace("Article", "Xyzzy article", StringComparison.Ordinal) + """
                1,2024-03-01 10:00,XYZZY-1,Xyzzy cup,2,43210.55,xyzzy-eve,Eve Xyzzy,eve@xyzzy.example,Xyzzyland
                1,2024-03-01 10:00,XYZZY-2,Xyzzy pot,1,76543.21,xyzzy-eve,Eve Xyzzy,eve@xyzzy.example,Xyzzyland
                2,2024-03-02 10:00,XYZZY-1,Xyzzy cup,1,43210.55,xyzzy-eve,Eve Xyzzy,eve@xyzzy.example,Xyzzyland
                3,2024-03-03 10:00,XYZZY-1,Xyzzy cup,1,43210.55,xyzzy-bob,Bob Xyzzy,bob@xyzzy.example,Xyzzyland
                C4,2024-03-04 10:00,XYZZY-1,Xyzzy cup,-1,43210.55,xyzzy-bob,Bob Xyzzy,bob@xyzzy.example,Xyzzyland
                5,when xyzzy,XYZZY-1,Xyzzy cup,1,1.00,xyzzy-bob,Bob Xyzzy,bob@xyzzy.example,Xyzzyland
                6,2024-03-06 10:00,XYZZY-1,Xyzzy cup,xyzzy,1.00,xyzzy-bob,Bob Xyzzy,bob@xyzzy.example,Xyzzyland

                """, Mapping.Replace("Article", "Xyzzy article", StringComparison.Ordinal));
            await Upload(Stranger, "xyzzy-waits.csv", Header + "9,2024-03-09 10:00,XYZZY-9,Xyzzy tin,1,9.00,xyzzy-joe,Joe Xyzzy,joe@xyzzy.example,Xyzzyland\n");
            // In states that pass by, or that only trouble leads to; leased to a worker that never comes. Triggers would not let them be made.
            await Superuser($"""
                set session_replication_role = replica;
                insert into platform.imports (organization_id, workspace_id, kind, file_name, state, mapping, worker, leased_until)
                select i.organization_id, i.workspace_id, i.kind, 'xyzzy-' || s.state || '.csv', s.state, i.mapping, gen_random_uuid(), now() + interval '1 day'
                from platform.imports i, unnest(array['queued', 'reading', 'writing', 'cancelling', 'cancelled', 'failed', 'undoing', 'undone']) as s(state)
                where i.id = '{done}'
                """);
            var customer = await For(Beta).One<Guid>($"select c.id from customers.customers c where c.customer_id = 'xyzzy-eve'", Ct);
            await For(Beta).One<Guid>($$"""select log.append('page_viewed', {{customer}}, '{"path": "/xyzzy"}')""", Ct);
            var twin = await For(Beta).One<Guid>($"insert into customers.customers (customer_id, name) values ('xyzzy-twin', 'Xyzzy Twin') returning id", Ct);
            await For(Beta).One<Guid>($"select customers.merge({customer}, {twin}, 'xyzzy')", Ct);
            // The timelines follow a moment later; without them beta would not see its own words there.
            for (var patience = 0; !(await Stranger.Json("api/analytics/values?attribute=country")).ToString().Contains("Xyzzyland", StringComparison.Ordinal); patience++)
            {
                if (patience == 600) throw new TimeoutException("The timelines did not take in beta's customers.");
                await Task.Delay(50);
            }
            await For(Beta).Run($"insert into events.batch_operations (source) values ('xyzzy.jsonl')", Ct);
            await For(Beta).Run($"insert into events.quarantined_events (reason, payload) values ('unreadable', '\"xyzzy\"')", Ct);
            await Service.Run($"update platform.api_keys k set name = 'Xyzzy key', public_key = 'wk_xyzzy' where k.organization_id = {Beta.OrganizationId} and k.kind = 'write'", Ct);
            await For(Beta).Run($"insert into platform.setting_values (setting_key, setting_value, change_reason) values ('xyzzy', '\"xyzzy\"', 'xyzzy')", Ct);
            await For(Beta).Run($"insert into platform.rate_limits (name, route, max_requests, window_seconds) values ('xyzzy', '/xyzzy', 1, 60)", Ct);
            await For(Beta).Run($"insert into platform.api_usage_metrics (metric_date, api_endpoint, http_method, api_key_id, request_count) select current_date, '/xyzzy', 'GET', k.id, 1 from platform.api_keys k", Ct);
            var job = await For(Beta).One<Guid>($"insert into platform.scheduled_jobs (job_name, job_type, frequency, is_enabled) values ('xyzzy', 'data_sync', 'daily', false) returning id", Ct);
            await Service.Run($"insert into platform.job_runs (organization_id, job_id, attempt, worker, status, finished_at, error_message) values ({Beta.OrganizationId}, {job}, 1, gen_random_uuid(), 'skipped', now(), 'xyzzy')", Ct);
            foreach (var owner in (string[])["files", $"customers/{customer}/files"])
                using (var content = new StringContent("xyzzy"))
                    (await Stranger.PostAsync(new Uri($"api/{owner}?name=xyzzy.txt&sensitive=true", UriKind.Relative), content, Ct)).EnsureSuccessStatusCode();
            await For(Beta).Run($"insert into platform.error_logs (error_type, error_message) values ('Xyzzy', 'xyzzy')", Ct);
            await Service.Run($"select platform.group_errors()", Ct);
            await For(Beta).Run($"insert into platform.system_health_checks (service_name, check_name, status) values ('xyzzy', 'xyzzy', 'healthy')", Ct);
            // At the full hour they would run, and what they write looks like a leak.
            await Service.Run($"update platform.scheduled_jobs j set is_enabled = false where j.is_enabled", Ct);
            await Quiet();

            Cursor = Uri.EscapeDataString((await Stranger.Json("api/customers?limit=1")).GetProperty("next").GetString()!);
            Before = Uri.EscapeDataString((await Stranger.Json($"api/customers/{customer}/orders?limit=1")).GetProperty("next").GetString()!);
            TheirIds = await Ids();
        }

        public async Task<List<string>> Superuser(string sql)
        {
            await using var connection = await OpenSuperuser();
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(Ct);
            var values = new List<string>();
            while (await reader.ReadAsync(Ct)) values.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
            return values;
        }

        /// <summary>How many rows of beta's there are, and what stands in them, table by table.</summary>
        public async Task<SortedDictionary<string, string>> Theirs()
        {
            // Beta's own looks at its customers are in its trail, and sealed a moment later.
            await Quiet();
            var beta = Beta.OrganizationId;
            var people = $"select m.user_id from platform.organization_members m where m.organization_id = '{beta}'";
            var rows = (await Superuser(TenantTables)).ToDictionary(t => t, t => $"select t::text as r from {t} t where t.organization_id = '{beta}'");
            rows["platform.error_groups"] = $"select g::text as r from platform.error_groups g where g.about = '{beta}'";
            rows["platform.organizations"] = $"select o::text as r from platform.organizations o where o.id = '{beta}'";
            rows["platform.platform_users"] = $"select u::text as r from platform.platform_users u where u.id in ({people})";
            // A session is touched by its own use.
            rows["platform.platform_user_sessions"] = $"select (to_jsonb(s) - 'last_activity')::text as r from platform.platform_user_sessions s where s.user_id in ({people})";
            var found = await Superuser(string.Join("\nunion all\n", rows.Select(r =>
                $"select '{r.Key}=' || count(*) || ' ' || coalesce(md5(string_agg(r, '|' order by r)), '') from ({r.Value}) as rows")));
            return new(found.ToDictionary(f => f.Split('=')[0], f => f.Split('=')[1]), StringComparer.Ordinal);
        }

        private async Task<List<string>> Ids()
        {
            var ids = new List<string> { Beta.OrganizationId!.Value.ToString() };
            ids.AddRange(await Superuser($"select m.user_id from platform.organization_members m where m.organization_id = '{Beta.OrganizationId}'"));
            ids.AddRange(await Superuser($"select s.id from platform.platform_user_sessions s join platform.organization_members m on m.user_id = s.user_id where m.organization_id = '{Beta.OrganizationId}' limit 5"));
            TheirPeople = ids.Count - 1;
            var tables = await Superuser(TenantTables + " and exists (select from pg_attribute i where i.attrelid = c.oid and i.attname = 'id' and i.atttypid = 'uuid'::regtype)");
            // Two of each kind are enough, since every one of them goes to every endpoint; but imports in each of their states.
            ids.AddRange(await Superuser(string.Join("\nunion all\n", tables.Select(t =>
                $"(select t.id from {t} t where t.organization_id = '{Beta.OrganizationId}' limit {(t is "platform.imports" or "platform.scheduled_jobs" ? 20 : 2)})"))));
            ids.AddRange(await Superuser($"select g.id from platform.error_groups g where g.about = '{Beta.OrganizationId}'"));
            return ids;
        }

        // Figures follow the log: what beta has must stand still before it is compared.
        private async Task Quiet()
        {
            for (var patience = 0; patience < 600; patience++)
            {
                await Services.GetRequiredService<AuditSealer>().SealAll(Ct);
                if (await Service.One<bool>($"""
                    select exists (select from customers.customer_figures)
                       and not exists (select from platform.unsealed_trails())
                       and not exists (select from log.events e, log.consumers c where (e.epoch, e.writer, e.position) > (c.epoch, c.writer, c.position))
                    """, Ct)) return;
                await Task.Delay(100, Ct);
            }
            throw new TimeoutException("The log's consumers did not catch up.");
        }

        private static async Task<string> Upload(HttpClient client, string name, string csv)
        {
            using var content = new StringContent(csv);
            using var answer = await client.PostAsync(new Uri($"api/imports?kind=orders&name={name}", UriKind.Relative), content, Ct);
            return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("id").GetString()!;
        }

        private static async Task<string> Import(HttpClient client, string name, string csv, string mapping = Mapping)
        {
            var id = await Upload(client, name, csv);
            using var body = new StringContent(mapping, Encoding.UTF8, "application/json");
            using var started = await client.PostAsync(new Uri($"api/imports/{id}/start", UriKind.Relative), body, Ct);
            started.EnsureSuccessStatusCode();
            for (var patience = 0; patience < 600; patience++)
            {
                if ((await client.Json($"api/imports/{id}")).GetProperty("state").GetString() == "completed") return id;
                await Task.Delay(100, Ct);
            }
            throw new TimeoutException($"The import of {name} did not complete.");
        }
    }
}
