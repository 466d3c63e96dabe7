using System.Net;
using System.Text.Json;
using Clientele.Platform.Log;
using Clientele.Testing;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Analytics.Tests;

/// <summary>Questions over HTTP.</summary>
public sealed class QueryApiTests(QueryApiTests.App app) : IClassFixture<QueryApiTests.App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public sealed class App : TestApp
    {
        public Guid Ann { get; private set; }

        /// <summary>Ann looks and buys, Bob looks; beta's namesakes do a hundred times as much.</summary>
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            foreach (var (tenant, times) in new[] { (Alpha, 1), (Beta, 100) })
            {
                var db = For(tenant);
                var ann = await db.One<Guid>($"insert into customers.customers (customer_id, name, country) values ('ann', 'Ann', 'FR') returning id", CancellationToken.None);
                var bob = await db.One<Guid>($"insert into customers.customers (customer_id, name, country) values ('bob', 'Bob', 'SN') returning id", CancellationToken.None);
                if (times == 1) Ann = ann;
                var start = new DateTimeOffset(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);
                await db.InTransaction(t => EventLog.Append(t, [.. Enumerable.Range(0, times).SelectMany(i => new NewEvent[]
                {
                    new("page_view", start.AddSeconds(i)) { CustomerId = ann, Country = "FR" },
                    new("page_view", start.AddSeconds(i)) { CustomerId = bob, Properties = new Platform.Data.Json("""{"plan": "=1+1"}""") },
                    new("order_completed", start.AddHours(1)) { CustomerId = ann, Value = 12.34m, Currency = "EUR" },
                })], CancellationToken.None), CancellationToken.None);
            }
            await Took(Admin, 3);
            await Took(Stranger, 300);
        }

        private static async Task Took(HttpClient client, long events)
        {
            for (var patience = 0; patience < 600; patience++)
            {
                var status = await client.Json("api/analytics/timelines");
                if (status.GetProperty("size") is { ValueKind: JsonValueKind.Object } size && size.GetProperty("events").GetInt64() == events && size.GetProperty("profiles").GetInt64() == 2) return;
                await Task.Delay(50);
            }
            throw new TimeoutException("The timelines did not take in the events.");
        }
    }

    private const string Days = """ "from": "2026-03-01", "to": "2026-03-07" """;

    private const string Funnel = $$"""{"kind": "funnel", {{Days}}, "steps": [{"event": "page_view"}, {"event": "order_completed"}]}""";

    private static async Task<JsonElement> Ask(HttpClient client, string query, string path = "query")
    {
        using var answer = await client.Post($"api/analytics/{path}", JsonSerializer.Deserialize<JsonElement>(query));
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?engine=sql")]
    public async Task Both_engines_answer_with_the_same_view_and_only_of_the_own_organization(string engine)
    {
        var funnel = (await Ask(app.Viewer, Funnel, "query" + engine)).GetProperty("result").GetProperty("funnels")[0].GetProperty("steps");
        Assert.Equal([2, 1], funnel.EnumerateArray().Select(s => s.GetProperty("customers").GetInt32()));
        Assert.Equal(0.5, funnel[1].GetProperty("share").GetDouble());
        Assert.Equal(3600, funnel[1].GetProperty("medianSeconds").GetDecimal());

        var trend = (await Ask(app.Admin, $$"""
            {"kind": "trend", {{Days}}, "compare": true, "breakdown": [{"attribute": "country"}],
             "series": [{"event": "page_view", "measure": "customers"}, {"event": "order_completed", "measure": "sum"}]}
            """, "query" + engine));
        var lines = trend.GetProperty("result").GetProperty("lines").EnumerateArray().ToDictionary(l => $"{l.GetProperty("group")[0]} {l.GetProperty("line")}", l => l.GetProperty("total").GetDecimal());
        Assert.Equal((1, 12.34m, 1, 0), (lines["FR 0"], lines["FR 1"], lines["SN 0"], lines["SN 1"]));
        Assert.Equal(7, trend.GetProperty("result").GetProperty("periods").GetArrayLength());
        Assert.Equal(JsonValueKind.Object, trend.GetProperty("previous").ValueKind);
        Assert.Equal(engine.Length == 0 ? "timelines" : "sql", trend.GetProperty("engine").GetString());
    }

    [Fact]
    public async Task An_answer_is_kept_until_something_happens()
    {
        var query = $$$"""{"kind": "stickiness", {{{Days}}}, "activity": {"event": "never_{{{Guid.NewGuid():N}}}"}} """;
        Assert.False((await Ask(app.Admin, query)).GetProperty("cached").GetBoolean());
        Assert.True((await Ask(app.Admin, query)).GetProperty("cached").GetBoolean());
        await app.Db.InTransaction(t => EventLog.Append(t, [new NewEvent("other_thing", DateTimeOffset.UnixEpoch.AddYears(50))], Ct), Ct);
        for (var patience = 0; (await Ask(app.Admin, query)).GetProperty("cached").GetBoolean(); patience++)
        {
            Assert.True(patience < 600, "The event never arrived.");
            await Task.Delay(20, Ct);
        }
    }

    [Fact]
    public async Task Who_is_behind_a_number_has_a_name()
    {
        var who = await Ask(app.Admin, $$$"""{"query": {{{Funnel}}}, "pick": {"step": 0, "dropped": true, "group": []}}""", "query/customers");
        Assert.Equal(1, who.GetProperty("total").GetInt32());
        Assert.Equal("Bob", who.GetProperty("items")[0].GetProperty("name").GetString());
        who = await Ask(app.Admin, $$$"""{"query": {"kind": "segment", {{{Days}}}, "where": {"kind": "sum", "events": {"event": "order_completed"}, "value": 12}} }""", "query/customers");
        Assert.Equal(app.Ann, Assert.Single(who.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid());
        using var wrong = await app.Admin.Post("api/analytics/query/customers", JsonSerializer.Deserialize<JsonElement>($$$"""{"query": {{{Funnel}}}, "pick": {"step": 2}}"""));
        Assert.Equal((400, "validation_failed"), await wrong.Problem());
    }

    [Fact]
    public async Task A_timeline_is_one_persons_and_nobody_elses_organization()
    {
        var query = $$"""{"kind": "timeline", {{Days}}, "customer": "{{app.Ann}}"}""";
        var items = (await Ask(app.Admin, query, "query/timeline")).GetProperty("items");
        Assert.Equal(["order_completed", "page_view"], items.EnumerateArray().Select(e => e.GetProperty("type").GetString()));
        Assert.Equal(12.34m, items[0].GetProperty("value").GetDecimal());
        Assert.Equal("FR", items[1].GetProperty("properties").GetProperty("country").GetString());
        Assert.Empty((await Ask(app.Stranger, query, "query/timeline")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Csv_is_a_table_without_formulas()
    {
        using var answer = await app.Admin.Post("api/analytics/query?format=csv", JsonSerializer.Deserialize<JsonElement>(
            $$"""{"kind": "trend", {{Days}}, "interval": "week", "breakdown": [{"property": "plan"}], "series": [{"event": "page_view"}]}"""));
        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        var lines = (await answer.Content.ReadAsStringAsync(Ct)).TrimStart('\ufeff').Split("\r\n");
        Assert.Equal("property plan,line,event,measure,period,value", lines[0]);
        Assert.Contains("'=1+1,1,page_view,events,2026-03-02,1", lines);
    }

    [Fact]
    public async Task Csv_of_a_comparison_has_the_time_before_beside_it()
    {
        async Task<string[]> Table(string query)
        {
            using var answer = await app.Admin.Post("api/analytics/query?format=csv", JsonSerializer.Deserialize<JsonElement>(query));
            return (await answer.Content.ReadAsStringAsync(Ct)).TrimStart('\ufeff').Split("\r\n");
        }
        var lines = await Table("""{"kind": "trend", "from": "2026-03-03", "to": "2026-03-03", "compare": true, "series": [{"event": "page_view"}]}""");
        Assert.Equal(["line,event,measure,period,value,previous_value", "1,page_view,events,2026-03-03,0,2"], lines[..2]);
        lines = await Table("""{"kind": "funnel", "from": "2026-03-03", "to": "2026-03-03", "compare": true, "steps": [{"event": "page_view"}, {"event": "order_completed"}]}""");
        Assert.EndsWith(",previous_customers", lines[0], StringComparison.Ordinal);
        Assert.Equal(["1,page_view,0,,,0,,,2", "2,order_completed,0,,,0,,,1"], lines[1..3]);
    }

    [Theory]
    [InlineData("\r=1+1", "\"'\r=1+1\"")]
    [InlineData("\n=1+1", "\"'\n=1+1\"")]
    [InlineData("@x", "'@x")]
    [InlineData("x=1", "x=1")]
    public void No_cell_of_a_table_begins_like_a_formula(string group, string cell)
    {
        var question = new Question { Kind = QuestionKind.Funnel, Breakdown = [new Operand { Property = "plan" }] };
        Assert.Contains("\r\n" + cell + ",1,", Queries.Csv.Of(question, new ResultView(Funnels: [new([group], [new(0, null, false, 1, 1, 1, 0, null, null)])]), null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sql_that_is_shown_gives_the_answer_when_run_by_hand()
    {
        var statement = (await Ask(app.Admin, Funnel, "query/sql")).GetProperty("statements")[0].GetString()!;
        await using var connection = await app.Databases.Application.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await connection.Run($"select set_config('clientele.organization_id', '{app.Alpha.OrganizationId}', true), set_config('clientele.access', 'system', true)");
        await using var command = new Npgsql.NpgsqlCommand(statement, connection);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var counts = new List<long>();
        while (await reader.ReadAsync(Ct)) if (reader.GetInt32(2) == 0) counts.Add(reader.GetInt64(5));
        Assert.Equal([1L, 2L], counts.Order());
    }

    [Fact]
    public async Task What_can_be_asked_about_is_what_occurred_in_the_own_organization()
    {
        var there = await app.Admin.Json("api/analytics/vocabulary");
        var view = there.GetProperty("events").EnumerateArray().Single(e => e.GetProperty("type").GetString() == "page_view");
        Assert.Equal(2, view.GetProperty("count").GetInt64());
        Assert.Equal(["plan"], view.GetProperty("properties").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(["country", "data_source"], view.GetProperty("fields").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal("text", there.GetProperty("properties").EnumerateArray().Single(p => p.GetProperty("name").GetString() == "plan").GetProperty("kind").GetString());
        Assert.Contains("country", there.GetProperty("attributes").EnumerateArray().Select(a => a.GetProperty("name").GetString()));
        Assert.Equal("2026-03-02", there.GetProperty("to").GetString());
        // Beta did the same a hundred times as often.
        var theirs = await app.Stranger.Json("api/analytics/vocabulary");
        Assert.Equal(200, theirs.GetProperty("events").EnumerateArray().Single(e => e.GetProperty("type").GetString() == "page_view").GetProperty("count").GetInt64());
    }

    [Theory]
    [InlineData("property=plan", "=1+1 1")]
    [InlineData("property=plan&event=page_view&search=1%2B", "=1+1 1")]
    [InlineData("property=plan&event=order_completed", "")]
    [InlineData("property=plan&search=nothing", "")]
    [InlineData("property=never", "")]
    [InlineData("field=country", "FR 1")]
    [InlineData("property=&field=country&attribute=&event=", "FR 1")]
    [InlineData("attribute=country", "FR 1,SN 1")]
    [InlineData("attribute=country&search=s&limit=1", "SN 1")]
    public async Task Values_that_occur_are_offered(string query, string expected)
    {
        var values = await app.Viewer.Json($"api/analytics/values?{query}");
        Assert.True(values.GetProperty("listed").GetBoolean());
        Assert.Equal(expected, string.Join(',', values.GetProperty("items").EnumerateArray().Select(v => $"{v.GetProperty("value")} {v.GetProperty("count")}")));
    }

    [Theory]
    [InlineData("", "property")]
    [InlineData("property=a&field=country", "property")]
    [InlineData("field=shoe", "field")]
    [InlineData("field=value", "field")]
    [InlineData("attribute=shoe", "attribute")]
    [InlineData("attribute=country&event=page_view", "event")]
    [InlineData("property=a&limit=0", "limit")]
    public async Task Values_of_what_cannot_be_are_refused(string query, string field)
    {
        using var answer = await app.Admin.GetAsync(new Uri($"api/analytics/values?{query}", UriKind.Relative), Ct);
        var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(field, problem.GetProperty("errors").EnumerateObject().Select(e => e.Name));
    }

    [Theory]
    [InlineData("""{"step": 0, "group": ["page_view", "order_completed"]}""", "Ann")]
    [InlineData("""{"step": 0, "group": ["page_view", null]}""", "Bob")]
    [InlineData("""{"step": 0, "group": ["page_view"]}""", "Ann,Bob")]
    [InlineData("""{"step": 1, "group": ["order_completed"]}""", "Ann")]
    [InlineData("""{"step": 1, "group": ["page_view"]}""", "")]
    public async Task Who_was_at_a_stop_of_a_path_is_listed(string pick, string expected)
    {
        var who = await Ask(app.Admin, $$$"""{"query": {"kind": "paths", {{{Days}}}, "depth": 1}, "pick": {{{pick}}} }""", "query/customers");
        Assert.Equal(expected, string.Join(',', who.GetProperty("items").EnumerateArray().Select(p => p.GetProperty("name").GetString()).Order()));
    }

    [Theory]
    [InlineData("""[]""", "query")]
    [InlineData("""{}""", "kind")]
    [InlineData("""{"kind": "trends"}""", "kind")]
    [InlineData("""{"kind": "trend"}""", "series")]
    [InlineData("""{"kind": "trend", "series": [{"event": "A B"}]}""", "series[0].event")]
    [InlineData("""{"kind": "trend", "series": [{"measure": "sum", "of": {"field": "country"}}]}""", "series[0].of")]
    [InlineData("""{"kind": "trend", "series": [{"filters": [{"property": "x", "operator": "greater", "values": ["much"]}]}]}""", "series[0].filters[0].values")]
    [InlineData("""{"kind": "trend", "series": [{}], "breakdown": [{"field": "shoe"}]}""", "breakdown[0].field")]
    [InlineData("""{"kind": "trend", "series": [{}], "breakdown": [{"property": "a"}, {"property": "b"}, {"property": "c"}]}""", "breakdown")]
    [InlineData("""{"kind": "trend", "series": [{}], "from": "2026-02-30"}""", "from")]
    [InlineData("""{"kind": "trend", "series": [{}], "from": "2026-03-02", "to": "2026-03-01"}""", "from")]
    [InlineData("""{"kind": "trend", "series": [{}], "timeZone": "Mars/Olympus"}""", "timeZone")]
    [InlineData("""{"kind": "trend", "series": [{}], "sample": 0.1}""", "sample")]
    [InlineData("""{"kind": "trend", "version": 2, "series": [{}]}""", "version")]
    [InlineData("""{"kind": "funnel", "steps": [{"optional": true}, {}]}""", "steps[0].optional")]
    [InlineData("""{"kind": "funnel", "steps": [{}, {}], "exclusions": [{"after": 2, "before": 2}]}""", "exclusions[0].before")]
    [InlineData("""{"kind": "funnel", "steps": [{}, {}], "order": "any", "modes": ["strict_once"]}""", "modes")]
    [InlineData("""{"kind": "funnel", "steps": [{}, {}], "windowSeconds": 0}""", "windowSeconds")]
    [InlineData("""{"kind": "retention"}""", "start")]
    [InlineData("""{"kind": "retention", "start": {}, "interval": "hour"}""", "interval")]
    [InlineData("""{"kind": "retention", "start": {}, "revenue": true, "unbounded": true}""", "unbounded")]
    [InlineData("""{"kind": "lifecycle", "activity": {"filters": [{"attribute": "country", "values": ["FR"]}]}}""", "activity.filters[0].attribute")]
    [InlineData("""{"kind": "segment"}""", "where")]
    [InlineData("""{"kind": "segment", "where": {"kind": "all", "rules": [{"kind": "count", "events": {}, "operator": "contains"}]}}""", "where.rules[0].operator")]
    public async Task A_fault_names_its_field(string query, string field)
    {
        using var answer = await app.Admin.Post("api/analytics/query", JsonSerializer.Deserialize<JsonElement>(query));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
        Assert.Contains(field, problem.GetProperty("errors").EnumerateObject().Select(e => e.Name));
    }

    [Fact]
    public async Task The_typed_client_asks_and_is_told_what_is_wrong()
    {
        var client = new QuestionClient(app.Admin);
        var question = new Question { Kind = QuestionKind.Funnel, From = new(2026, 3, 1), To = new(2026, 3, 7), Steps = [new() { Event = "page_view" }, new() { Event = "order_completed" }] };
        foreach (var engine in Enum.GetValues<Engine>())
            Assert.Equal([2, 1], (await client.Ask(question, engine, ct: Ct)).Result.Funnels![0].Steps.Select(s => s.Customers));
        var refused = await Assert.ThrowsAsync<QuestionRefusedException>(() => client.Ask(question with { WindowSeconds = 0 }, ct: Ct));
        Assert.Equal("validation_failed", refused.Code);
    }

    [Fact]
    public async Task A_question_can_be_left_and_looked_after_and_cancelled_by_its_own_organization()
    {
        using var accepted = await app.Admin.Post("api/analytics/query?later=true&engine=sql", JsonSerializer.Deserialize<JsonElement>(Funnel));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var id = JsonSerializer.Deserialize<JsonElement>(await accepted.Content.ReadAsStringAsync(Ct)).GetProperty("id").GetString();
        using (var stranger = await app.Stranger.GetAsync(new Uri($"api/analytics/queries/{id}", UriKind.Relative), Ct)) Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
        JsonElement found;
        for (var patience = 0; (found = await app.Admin.Json($"api/analytics/queries/{id}")).GetProperty("state").GetString() == "running"; patience++)
        {
            Assert.True(patience < 600);
            await Task.Delay(20, Ct);
        }
        Assert.Equal(1, found.GetProperty("progress").GetDouble());
        Assert.Equal(2, found.GetProperty("answer").GetProperty("result").GetProperty("funnels")[0].GetProperty("steps")[0].GetProperty("customers").GetInt32());
        using var cancelled = await app.Admin.DeleteAsync(new Uri($"api/analytics/queries/{id}", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
    }

    // PostgreSQL cannot answer while the log is locked, so the question is running for certain when it is cancelled, and ends while the lock still holds.
    [Fact]
    public async Task A_question_that_runs_is_stopped_where_it_runs()
    {
        await using var superuser = await app.OpenSuperuser();
        await using var transaction = await superuser.BeginTransactionAsync(Ct);
        await superuser.Run("lock table log.events in access exclusive mode");
        using var accepted = await app.Admin.Post("api/analytics/query?wait=0&engine=sql", JsonSerializer.Deserialize<JsonElement>(Funnel));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var id = JsonSerializer.Deserialize<JsonElement>(await accepted.Content.ReadAsStringAsync(Ct)).GetProperty("id").GetString();
        await Until(Waiting, waiting => waiting > 0);
        Assert.Equal("running", (await app.Admin.Json($"api/analytics/queries/{id}")).GetProperty("state").GetString());

        using (var stranger = await app.Stranger.DeleteAsync(new Uri($"api/analytics/queries/{id}", UriKind.Relative), Ct)) Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
        using (var cancelled = await app.Admin.DeleteAsync(new Uri($"api/analytics/queries/{id}", UriKind.Relative), Ct)) Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        await Until(async () => (await app.Admin.Json($"api/analytics/queries/{id}")).GetProperty("state").GetString(), state => state == "cancelled");
        await Until(Waiting, waiting => waiting == 0);

        // Backends that want the log and are not given it, for a funnel.
        async Task<long> Waiting()
        {
            // Within a transaction the first look is kept: each must be a new one.
            await superuser.Run("select pg_stat_clear_snapshot()");
            await using var command = new Npgsql.NpgsqlCommand("select count(*) from pg_stat_activity a where a.datname = current_database() and a.wait_event_type = 'Lock' and a.query like '%with facts as (%'", superuser);
            return (long)(await command.ExecuteScalarAsync(Ct))!;
        }

        static async Task Until<T>(Func<Task<T>> look, Func<T, bool> enough)
        {
            for (var patience = 0; !enough(await look()); patience++)
            {
                // Long, since a busy machine may take its time; what is waited for comes at once on an idle one.
                Assert.True(patience < 4500, $"Waited for too long: {await look()}.");
                await Task.Delay(20, Ct);
            }
        }
    }

    [Theory]
    [InlineData("timelines")]
    [InlineData("sql")]
    public async Task Too_many_groups_for_so_many_periods_are_refused(string engine)
    {
        var desk = app.Services.GetRequiredService<Queries.QuestionDesk>();
        var store = desk.Store(app.Alpha.OrganizationId!.Value);
        var trend = $$"""{"kind": "trend", {{Days}}, "breakdown": [{"attribute": "country"}], "series": [{"event": "page_view", "filters": [{"property": "UNIQUE", "operator": "not_exists"}] }] }""";
        var retention = $$"""{"kind": "retention", {{Days}}, "breakdown": [{"attribute": "country"}], "start": {"event": "page_view", "filters": [{"property": "UNIQUE", "operator": "not_exists"}] } }""";
        try
        {
            // Two groups of seven days and their whole: 16 cells, of which few have a number.
            foreach (var (sizes, refused) in new[] { (new StoreSizes { MostCells = 8 }, engine == "timelines"), (new StoreSizes { MostNumbers = 1 }, true), (new StoreSizes { MostNumbers = 200, MostCells = 2000 }, false) })
            {
                (desk.Sizes, store.Sizes) = (sizes, sizes);
                foreach (var query in new[] { trend, retention })
                {
                    // Each time another question, so that none is answered from before.
                    using var answer = await app.Admin.Post($"api/analytics/query?engine={engine}", JsonSerializer.Deserialize<JsonElement>(query.Replace("UNIQUE", Guid.NewGuid().ToString(), StringComparison.Ordinal)));
                    if (refused) Assert.Equal((422, "too_many_cells"), await answer.Problem());
                    else Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                }
            }
        }
        finally
        {
            (desk.Sizes, store.Sizes) = (new StoreSizes(), new StoreSizes());
        }
    }

    [Theory]
    [InlineData("11")]
    [InlineData("-1")]
    public async Task Nobody_waits_longer_than_a_connection_lasts(string wait)
    {
        using var answer = await app.Admin.Post($"api/analytics/query?wait={wait}", JsonSerializer.Deserialize<JsonElement>(Funnel));
        Assert.Equal((400, "validation_failed"), await answer.Problem());
    }
}
