using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using FsCheck.Fluent;
using Npgsql;

namespace Clientele.Blueprints.Tests;

/// <summary>The catalogue of event types and its views: every table of the documents that is a view of the log.</summary>
public sealed class EventCatalogueTests(EventCatalogueTests.Database database) : IClassFixture<EventCatalogueTests.Database>
{
    private sealed record Kind(string ViewName, string EventType, string? ActionColumn, string? Action, JsonElement Schema, string[] Fields);

    public sealed class Database : TestDatabase
    {
        public Guid Customer { get; private set; }

        public Guid Theirs { get; private set; }

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Customer = await NewCustomer(Alpha);
            Theirs = await NewCustomer(Beta);
        }

        public Task<Guid> NewCustomer(Tenant tenant) =>
            For(tenant).One<Guid>($"insert into customers.customers (customer_id) values ({Guid.NewGuid().ToString("N")}) returning id", CancellationToken.None);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly string[] logViews = ["pocm.events", "pocm.event_data", "cdp.customer_events", "wolo.analytics_events"];

    // The names of the document's 63 typed tables, in its seven groups.
    private static readonly string[] typedTables =
    [
        "cart_events", "checkout_events", "payment_events", "notification_events", "logistics_events", "user_events", "inventory_events", "feedback_events", "search_events", "order_events",
        "product_view_events", "category_browse_events", "price_change_events", "discount_events", "refund_events", "return_events", "shipping_events", "delivery_attempt_events",
        "customer_service_events", "session_events", "page_view_events", "click_events", "form_submission_events", "error_events", "performance_events",
        "recommendation_events", "promotion_events", "affiliate_events", "subscription_events", "support_events", "review_events", "wishlist_events", "comparison_events", "abandonment_events",
        "referral_events", "loyalty_events",
        "device_activation_events", "patch_application_events", "sensor_reading_events", "dosage_delivery_events", "device_removal_events", "calibration_events",
        "adverse_event_reports", "efficacy_measurement_events", "patient_outcome_events", "clinical_data_events", "regulatory_report_events",
        "batch_production_events", "quality_control_events", "sterilization_events", "packaging_events", "distribution_events", "recall_events",
        "provider_onboarding_events", "bulk_order_events", "training_completion_events", "certification_events", "audit_trail_events",
        "ml_prediction_events", "anomaly_detection_events", "cohort_analysis_events", "a_b_test_events", "personalization_events",
    ];

    private Task<List<Kind>> Kinds() => database.Db.List<Kind>($"""
        select t.view_name, t.event_type, t.action_column, t.action, t.schema, t.fields from events.event_types t where t.blueprint = 'pocm' order by t.view_name, t.event_type
        """, Ct);

    private static Sql View(string name) => name.Split('.') is [var home, var called] ? Sql.Composed($"\"{home}\".\"{called}\"") : Sql.Composed($"pocm.\"{name}\"");

    // Writes through the view as any client would, and gives back what "returning" and a later read say.
    private async Task<(JsonElement Returned, JsonElement Read)> Record(Tenant tenant, string view, JsonObject row)
    {
        var columns = Sql.Join(", ", row.Select(p => Sql.Identifier(p.Key)));
        var returned = await database.For(tenant).One<JsonElement>($"""
            insert into {View(view)} as v ({columns}) select {columns} from jsonb_populate_record(null::{View(view)}, {row.ToJsonString()}::jsonb) returning to_jsonb(v)
            """, Ct);
        var read = await database.For(tenant).One<JsonElement>($"select to_jsonb(v) from {View(view)} v where v.id = {returned.GetProperty("id").GetGuid()}", Ct);
        return (returned, read);
    }

    private Task<PostgresException> Refused(string view, JsonObject row, Tenant? tenant = null) => Assert.ThrowsAsync<PostgresException>(() => Record(tenant ?? database.Alpha, view, row));

    private JsonObject Row(Kind kind, JsonObject properties)
    {
        var row = (JsonObject)properties.DeepClone();
        row["customer_id"] = database.Customer.ToString();
        if (kind.ActionColumn is { } column) row[column] = kind.Action;
        return row;
    }

    [Fact]
    public async Task Every_typed_table_of_the_document_is_a_view_with_the_callers_rights()
    {
        Assert.Equal(63, typedTables.Distinct().Count());
        Assert.Equal(typedTables.Order(StringComparer.Ordinal), (await Kinds()).Select(k => k.ViewName).Distinct().Order(StringComparer.Ordinal));
        var views = await database.Db.List<string>($"""
            select format('%s.%s', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'v' and 'security_invoker=true' = any(c.reloptions)
            """, Ct);
        Assert.Empty(typedTables.Select(t => "pocm." + t).Concat(logViews).Except(views));
    }

    [Fact]
    public async Task Every_schema_is_one_and_every_example_keeps_to_it()
    {
        Assert.Empty(await database.Db.List<string>($"select t.blueprint || ' ' || t.event_type || ': ' || p from events.event_types t, unnest(events.schema_problems(t.schema)) as p", Ct));
        Assert.Empty(await database.Db.List<string>($"""
            select t.event_type || '.' || p.key || ': ' || problem
            from events.event_types t, jsonb_each(t.schema -> 'properties') as p, jsonb_array_elements(p.value -> 'examples') as example, unnest(events.problems(p.value, example)) as problem
            """, Ct));
        // Each property says what it is; a number that measures something says in what.
        Assert.Empty(await database.Db.List<string>($"select t.event_type || '.' || p.key from events.event_types t, jsonb_each(t.schema -> 'properties') as p where coalesce(p.value ->> 'description', '') !~ '[.?)…]$'", Ct));
        Assert.Empty(await database.Db.List<string>($"""
            select t.event_type || '.' || p.key from events.event_types t, jsonb_each(t.schema -> 'properties') as p
            where p.value ->> 'type' = 'number' and p.key ~ '(_s|_ms|_min|_h|_days|temperature|weight|humidity|pressure|seconds)$' and not p.value ? 'x-unit'
            """, Ct));
        Assert.Equal(["assistant", "cdp", "jyotiflow", "platform", "pocm", "wolo"], await database.Db.List<string>($"select distinct t.blueprint from events.event_types t order by 1", Ct));
    }

    [Fact]
    public async Task Every_view_and_every_column_is_commented()
    {
        var names = typedTables.Select(t => "pocm." + t).Concat(logViews).ToArray();
        Assert.Empty(await database.Db.List<string>($"""
            select v.name || coalesce('.' || a.attname, '')
            from unnest({names}) as v (name)
            join pg_attribute a on a.attrelid = v.name::regclass and a.attnum > 0
            where coalesce(col_description(a.attrelid, a.attnum), obj_description(a.attrelid, 'pg_class')) is null or col_description(a.attrelid, a.attnum) is null
            """, Ct));
        var says = await database.Db.One<string>($"select col_description('pocm.sensor_reading_events'::regclass, a.attnum) from pg_attribute a where a.attrelid = 'pocm.sensor_reading_events'::regclass and a.attname = 'signal_strength'", Ct);
        Assert.Equal("Strength of the radio signal. Unit: dB[mW]. -150 to 0.", says);
    }

    [Fact]
    public async Task Valid_rows_go_through_every_view_and_come_back_as_they_were()
    {
        var kinds = await Kinds();
        foreach (var kind in kinds)
        {
            foreach (var properties in ValidRow.Of(kind.Schema).Sample(1))
            {
                var row = Row(kind, properties);
                try
                {
                    var (returned, read) = await Record(database.Alpha, kind.ViewName, row);
                    Assert.Equal(read.GetRawText(), returned.GetRawText());
                    Assert.All(row, p => Assert.True(Same(p.Value!, read.GetProperty(p.Key)), $"{p.Key}: {p.Value!.ToJsonString()} became {read.GetProperty(p.Key).GetRawText()}"));
                    if (kinds.Count(k => k.ViewName == kind.ViewName) > 1) Assert.Equal(kind.EventType, read.GetProperty("event_type").GetString());
                }
                catch (Exception e) when (e is PostgresException or Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"{kind.EventType} {row.ToJsonString()}: {e.Message}");
                }
            }
        }
        // The second organization sees none of it, in any view.
        foreach (var view in typedTables.Concat(logViews)) Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from {View(view)} v where to_jsonb(v)::text like {$"%{database.Customer}%"}", Ct));
    }

    private static bool Same(JsonNode sent, JsonElement read) => read.ValueKind switch
    {
        JsonValueKind.Number => sent.GetValueKind() == JsonValueKind.Number && decimal.Parse(sent.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture) == read.GetDecimal(),
        JsonValueKind.String when DateTimeOffset.TryParse(read.GetString(), CultureInfo.InvariantCulture, out var moment) && sent.ToString().Contains('T', StringComparison.Ordinal) => moment == DateTimeOffset.Parse(sent.ToString(), CultureInfo.InvariantCulture),
        JsonValueKind.String => sent.ToString() == read.GetString(),
        _ => JsonNode.DeepEquals(sent, JsonNode.Parse(read.GetRawText())),
    };

    [Fact]
    public async Task Each_rule_that_is_broken_is_refused_and_the_property_named()
    {
        var (tried, faults) = (0, new List<string>());
        foreach (var kind in (await Kinds()).DistinctBy(k => k.ViewName))
        {
            var valid = ValidRow.Of(kind.Schema).Sample(1).Single();
            foreach (var field in kind.Fields)
            {
                if (field == "ip_address" || ValidRow.Broken(kind.Schema.GetProperty("properties").GetProperty(field)) is not { } broken) continue; // an address is refused by its column
                var row = Row(kind, valid);
                row[field] = broken;
                tried++;
                var refused = await Record(database.Alpha, kind.ViewName, row).ContinueWith(t => t.Exception?.InnerException as PostgresException, TaskScheduler.Default);
                if (refused is not { SqlState: "23514" or "22003" } || (refused.SqlState == "23514" && !refused.MessageText.Contains($"{field} must", StringComparison.Ordinal) && !refused.MessageText.Contains($"{field}[", StringComparison.Ordinal)))
                    faults.Add($"{kind.ViewName}.{field} = {broken.ToJsonString()[..Math.Min(40, broken.ToJsonString().Length)]}: {refused?.MessageText ?? "was taken"}");
            }
        }
        Assert.True(tried > 500, $"{tried}");
        Assert.Empty(faults);

        // What is required, and what has another type, is named too.
        Assert.Empty(await database.Db.List<string>($"""
            select t.event_type || '.' || r from events.event_types t, jsonb_array_elements_text(t.schema -> 'required') as r where r || ' is required' <> all (events.problems(t.schema, {"{}"}::jsonb))
            """, Ct));
        Assert.Empty(await database.Db.List<string>($"""
            select t.event_type || '.' || p.key
            from events.event_types t
            cross join lateral jsonb_each(t.schema -> 'properties') as p
            cross join lateral (select case p.value ->> 'type' when 'string' then '17'::jsonb when 'integer' then '1.5' when 'object' then '[]' else '"seventeen"' end) as wrong (value)
            where not exists (select from unnest(events.problems(t.schema, jsonb_build_object(p.key, wrong.value))) as problem where problem like p.key || ' must be %')
            """, Ct));
        var message = (await Refused("sensor_reading_events", new() { ["customer_id"] = database.Customer })).MessageText;
        Assert.All(["device_id", "sensor_type", "value", "unit", "effective_at"], name => Assert.Contains($"{name} is required", message, StringComparison.Ordinal));
        Assert.Contains("customer_id is required", (await Refused("sensor_reading_events", Row((await Kinds()).First(k => k.EventType == "sensor_reading"), new()
        {
            ["device_id"] = "d", ["sensor_type"] = "glucose", ["value"] = 5.4, ["unit"] = "mmol/L", ["effective_at"] = "2026-03-01T12:00:00Z",
        }).Without("customer_id"))).MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_value_that_an_sdk_sent_reads_as_null_and_spoils_no_view()
    {
        var faults = new List<string>();
        foreach (var wrong in new[] { "17", "1.5", "1e300", "\"seventeen\"", "\"2026-02-30\"", "\"2026-03-01 12:00\"", "true", "null", "[]", "{}" })
        {
            await database.Db.Run($"""
                select log.append(t.event_type, {database.Customer}, wrong.properties, message_id => t.event_type || {wrong})
                from events.event_types t, lateral (select coalesce(jsonb_object_agg(f, {wrong}::jsonb), {"{}"}::jsonb) from unnest(t.fields) as f) as wrong (properties)
                where t.blueprint = 'pocm'
                """, Ct);
        }
        foreach (var view in await Kinds())
        {
            var rows = await database.Db.List<JsonElement>($"select to_jsonb(v) from {View(view.ViewName)} v", Ct);
            Assert.NotEmpty(rows);
            // Whatever is shown is of the type the column has; most of it is null.
            foreach (var (row, field) in from row in rows from field in view.Fields select (row, field))
            {
                var shown = row.GetProperty(field).ValueKind;
                var fits = shown == JsonValueKind.Null || view.Schema.GetProperty("properties").GetProperty(field).GetProperty("type").GetString() switch
                {
                    "string" => shown == JsonValueKind.String, "integer" or "number" => shown == JsonValueKind.Number,
                    "boolean" => shown is JsonValueKind.True or JsonValueKind.False, "array" => shown == JsonValueKind.Array, _ => shown == JsonValueKind.Object,
                };
                if (!fits) faults.Add($"{view.ViewName}.{field}: {row.GetProperty(field).GetRawText()}");
            }
        }
        Assert.Empty(faults.Distinct());
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from pocm.patch_application_events v where v.expires_on is not null and v.applied_at is null and v.strength > 2", Ct));
    }

    [Theory]
    [InlineData("update {0} set customer_id = null")]
    [InlineData("delete from {0}")]
    public async Task Events_are_never_changed_through_any_view(string statement)
    {
        foreach (var kind in (await Kinds()).DistinctBy(k => k.ViewName)) await Record(database.Alpha, kind.ViewName, Row(kind, ValidRow.Of(kind.Schema).Sample(1).Single()));
        var before = await database.Service.One<long>($"select count(*) from log.events e", Ct);
        foreach (var view in typedTables.Concat(logViews))
        {
            var text = string.Format(CultureInfo.InvariantCulture, statement, view.Contains('.', StringComparison.Ordinal) ? view : "pocm." + view);
            if (view == "wolo.analytics_events") text = text.Replace("customer_id", "user_id", StringComparison.Ordinal);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run(Sql.Composed(text), Ct));
            Assert.Equal("CL004", refused.SqlState);
            Assert.Contains("never changed", refused.MessageText, StringComparison.Ordinal);
        }
        Assert.Equal(before, await database.Service.One<long>($"select count(*) from log.events e", Ct));
    }

    [Fact]
    public async Task The_same_message_or_id_is_recorded_once_however_many_send_it()
    {
        var id = Guid.NewGuid();
        Task<long> Send(Tenant tenant, Guid customer, string? message, Guid? given) => database.For(tenant).Run($"""
            insert into pocm.search_events (action, customer_id, query, message_id, id) values ('searched', {customer}, 'patches', {message}, {given})
            """, Ct);
        var sent = await Task.WhenAll(Enumerable.Range(0, 8).SelectMany(_ => new[] { Send(database.Alpha, database.Customer, "one message", null), Send(database.Alpha, database.Customer, null, id) }));
        Assert.Equal(2, sent.Sum());
        Assert.Equal(0, await Send(database.Alpha, database.Customer, "one message", Guid.NewGuid()));
        // Another organization's message of that name is another message.
        Assert.Equal(1, await Send(database.Beta, database.Theirs, "one message", null));
        // An id that is in the log since before the message ids were purged.
        var old = await database.Db.One<Guid>($"select log.append('products_searched', {database.Customer}, {"{\"query\":\"x\"}"}::jsonb)", Ct);
        Assert.Equal(0, await Send(database.Alpha, database.Customer, null, old));
    }

    [Fact]
    public async Task Nobody_records_about_another_organizations_customer_or_in_another_organization()
    {
        Assert.Equal("23503", (await Refused("search_events", new() { ["action"] = "searched", ["query"] = "x", ["customer_id"] = database.Theirs })).SqlState);
        Assert.Equal("23503", (await Refused("search_events", new() { ["action"] = "searched", ["query"] = "x", ["customer_id"] = Guid.NewGuid() })).SqlState);
        Assert.Equal("42501", (await Refused("search_events", new() { ["action"] = "searched", ["query"] = "x" }, Tenant.None)).SqlState);
        await Record(database.Beta, "search_events", new() { ["action"] = "searched", ["query"] = "only theirs", ["customer_id"] = database.Theirs });
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from pocm.search_events v where v.query = 'only theirs'", Ct));
        Assert.Equal(1, await database.For(database.Beta).One<long>($"select count(*) from pocm.search_events v where v.query = 'only theirs'", Ct));
    }

    [Fact]
    public async Task The_person_is_shown_after_a_merge_and_the_profile_for_ever()
    {
        var (survivor, merged) = (await database.NewCustomer(database.Alpha), await database.NewCustomer(database.Alpha));
        var (_, before) = await Record(database.Alpha, "product_view_events", new() { ["product_id"] = "p", ["customer_id"] = merged });
        Assert.Equal(merged, before.GetProperty("customer_id").GetGuid());
        await database.Db.Run($"insert into customers.person_map (profile_id, person_id) values ({merged}, {survivor})", Ct);
        var shown = await database.Db.List<JsonElement>($"select to_jsonb(v) from pocm.product_view_events v where v.customer_id = {survivor}", Ct);
        Assert.Equal((before.GetProperty("id").GetGuid(), merged), (shown.Single().GetProperty("id").GetGuid(), shown.Single().GetProperty("profile_id").GetGuid()));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from pocm.product_view_events v where v.customer_id = {merged}", Ct));
        var (_, after) = await Record(database.Alpha, "product_view_events", new() { ["product_id"] = "q", ["customer_id"] = survivor, ["profile_id"] = merged });
        Assert.Equal((survivor, merged), (after.GetProperty("customer_id").GetGuid(), after.GetProperty("profile_id").GetGuid()));
        Assert.Equal("23514", (await Refused("product_view_events", new() { ["product_id"] = "q", ["customer_id"] = database.Customer, ["profile_id"] = merged })).SqlState);
        await database.Db.Run($"delete from customers.person_map m where m.profile_id = {merged}", Ct);
        Assert.Equal(2, await database.Db.One<long>($"select count(*) from pocm.product_view_events v where v.customer_id = {merged}", Ct));
    }

    [Fact]
    public async Task The_organizations_own_active_schema_counts_instead_of_the_catalogues()
    {
        JsonObject Tap(string type) => new() { ["element_type"] = type, ["customer_id"] = database.Customer };
        await Record(database.Alpha, "click_events", Tap("button"));
        var schema = """{"type": "object", "required": ["element_id"], "properties": {"element_id": {"type": "string"}}}""";
        await database.Db.Run($"insert into pocm.event_schemas (event_type, version, schema) values ('element_clicked', 100, {schema}::jsonb)", Ct);
        await Record(database.Alpha, "click_events", Tap("button"));
        await database.Db.Run($"select events.activate_schema('element_clicked', 100)", Ct);
        Assert.Contains("element_id is required", (await Refused("click_events", Tap("button"))).MessageText, StringComparison.Ordinal);
        // Only for this organization.
        await Record(database.Beta, "click_events", new() { ["element_type"] = "button", ["customer_id"] = database.Theirs });
        await database.Db.Run($"update pocm.event_schemas set status = 'retired' where event_type = 'element_clicked' and version = 100", Ct);
        await Record(database.Alpha, "click_events", Tap("button"));
    }

    [Fact]
    public async Task Defect_001_Hour_day_week_and_month_are_those_of_UTC_in_every_session()
    {
        foreach (var zone in new[] { "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata" })
        {
            var parts = await database.Db.InTransaction(async t =>
            {
                await t.Run($"select set_config('TimeZone', {zone}, true)", Ct);
                return await t.One<JsonElement>($"""
                    insert into cdp.customer_events as v (customer_id, event_type, event_name, occurred_at) values ({database.Customer}, 'login', 'Login', '2024-12-29 23:30:00Z') returning to_jsonb(v)
                    """, Ct);
            }, Ct);
            // A Sunday in ISO week 52; in Paris it would be Monday the 30th, week 1.
            Assert.Equal((23, 0, 52, 12), (parts.GetProperty("hour_of_day").GetInt32(), parts.GetProperty("day_of_week").GetInt32(), parts.GetProperty("week_of_year").GetInt32(), parts.GetProperty("month_of_year").GetInt32()));
        }
        Assert.Equal("CL006", (await Refused("cdp.customer_events", new() { ["customer_id"] = database.Customer, ["event_type"] = "login", ["hour_of_day"] = 3 })).SqlState);
        Assert.Equal("23514", (await Refused("cdp.customer_events", new() { ["event_type"] = "login" })).SqlState);
    }

    [Fact]
    public async Task Defect_027_The_month_of_an_event_does_not_depend_on_the_session()
    {
        var person = await database.NewCustomer(database.Alpha);
        await Record(database.Alpha, "cdp.customer_events", new() { ["customer_id"] = person, ["event_type"] = "signup", ["occurred_at"] = "2024-01-31T23:30:00Z" });
        foreach (var zone in new[] { "Africa/Dakar", "Europe/Paris" })
        {
            var month = await database.Db.InTransaction(async t =>
            {
                await t.Run($"select set_config('TimeZone', {zone}, true)", Ct);
                return await t.One<int>($"select v.month_of_year from cdp.customer_events v where v.customer_id = {person}", Ct);
            }, Ct);
            Assert.Equal(1, month);
        }
        // A time without its zone in the properties is nobody's time, whatever the session's zone is.
        await database.Db.Run($"select log.append('patch_applied', {person}, {"{\"applied_at\": \"2024-01-31T23:30:00\"}"}::jsonb)", Ct);
        Assert.True(await database.Db.One<bool>($"select v.applied_at is null from pocm.patch_application_events v where v.customer_id = {person}", Ct));
    }

    [Fact]
    public async Task Defect_061_111_Months_are_partitions_and_the_key_has_the_time_from_the_start()
    {
        var person = await database.NewCustomer(database.Alpha);
        foreach (var time in new[] { "1999-12-31T23:59:00Z", DateTimeOffset.UtcNow.ToString("O"), DateTimeOffset.UtcNow.AddMonths(-2).ToString("O") })
            await Record(database.Alpha, "page_view_events", new() { ["customer_id"] = person, ["occurred_at"] = time });
        Assert.Equal(3, await database.Db.One<long>($"select count(distinct e.tableoid) from log.events e where e.customer_id = {person}", Ct));
        Assert.Equal("organization_id,id,occurred_at", await database.Db.One<string>($"""
            select string_agg(a.attname, ',' order by k.ordinality) from pg_index i, unnest(i.indkey) with ordinality as k (attnum), pg_attribute a
            where i.indrelid = 'log.events'::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.attnum
            """, Ct));
        // One month of one view reads one partition.
        var plan = (await database.Db.One<JsonElement>($"explain (format json) select v.url from pocm.page_view_events v where v.customer_id = {person} and v.occurred_at >= '2000-01-01' and v.occurred_at < '2000-02-01'", Ct)).GetRawText();
        Assert.Contains("events_history", plan, StringComparison.Ordinal);
        Assert.DoesNotContain(DateTimeOffset.UtcNow.ToString("'events_'yyyy_MM", CultureInfo.InvariantCulture), plan, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("notification_events", "channel", "pigeon", """{"action":"sent","notification_id":"n"}""")]
    [InlineData("recall_events", "recall_class", "banana", """{"action":"notified","recall_id":"r","batch_number":"B-1-2"}""")]
    [InlineData("refund_events", "reason", "whim", """{"action":"requested","refund_id":"r","amount":5,"currency":"EUR"}""")]
    [InlineData("payment_events", "payment_method", "telepathy", """{"action":"attempted","payment_id":"p","amount":5,"currency":"EUR"}""")]
    [InlineData("cdp.customer_events", "event_category", "emperor", """{"event_type":"login"}""")]
    [InlineData("wolo.analytics_events", "platform", "smoke", """{"event_name":"my_own","event_category":"pot"}""")]
    [InlineData("wolo.analytics_events", "device_type", "abacus", """{"event_name":"my_own","event_category":"pot"}""")]
    public async Task Defect_085_A_value_outside_its_list_is_refused(string view, string column, string value, string rest)
    {
        var row = (JsonObject)JsonNode.Parse(rest)!;
        row[view.StartsWith("wolo", StringComparison.Ordinal) ? "user_id" : "customer_id"] = database.Customer;
        await Record(database.Alpha, view, (JsonObject)row.DeepClone() is var valid && column is "recall_class" ? With(valid, column, "II") : column is "channel" ? With(valid, column, "sms") : valid);
        row[column] = value;
        var refused = await Refused(view, row);
        Assert.Equal("23514", refused.SqlState);
        Assert.Contains($"{column} must be one of", refused.MessageText, StringComparison.Ordinal);
    }

    private static JsonObject With(JsonObject row, string column, string value)
    {
        row[column] = value;
        return row;
    }

    [Fact]
    public async Task Defect_108_A_fact_has_one_time()
    {
        var (returned, read) = await Record(database.Alpha, "wolo.analytics_events", new()
        {
            ["event_name"] = "donation_made", ["event_category"] = "donation", ["user_id"] = database.Customer, ["timestamp"] = "2026-03-01T12:00:00+00:00", ["platform"] = "mobile_app", ["region"] = "Dakar",
            ["anonymous_id"] = "a1", ["amount"] = 5000, ["currency"] = "XOF", ["properties"] = new JsonObject { ["pot_id"] = "p1", ["donation_id"] = "d1" },
        });
        Assert.Equal(read.GetRawText(), returned.GetRawText());
        Assert.Equal("""{"pot_id":"p1","donation_id":"d1"}""", read.GetProperty("properties").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(("mobile_app", "Dakar", "a1", 5000m), (read.GetProperty("platform").GetString(), read.GetProperty("region").GetString(), read.GetProperty("anonymous_id").GetString(), read.GetProperty("amount").GetDecimal()));
        Assert.Equal(DateTimeOffset.Parse("2026-03-01T12:00:00Z", CultureInfo.InvariantCulture), read.GetProperty("timestamp").GetDateTimeOffset());
        // created_at tells when it arrived, and cannot say otherwise.
        Assert.True(read.GetProperty("created_at").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddMinutes(-5));
        Assert.Equal("CL006", (await Refused("wolo.analytics_events", new() { ["event_name"] = "app_opened", ["event_category"] = "engagement", ["created_at"] = "2026-03-01T12:00:00Z" })).SqlState);
        Assert.Contains("event_category is required", (await Refused("wolo.analytics_events", new() { ["event_name"] = "my_own" })).MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defect_129_The_envelope_the_body_and_the_typed_table_are_one_fact()
    {
        var person = await database.NewCustomer(database.Alpha);
        var (_, read) = await Record(database.Alpha, "batch_production_events", new()
        {
            ["action"] = "produced", ["batch_number"] = "B-2026-1", ["product_id"] = "patch", ["site"] = "Chennai", ["quantity"] = 500, ["manufactured_on"] = "2026-01-02", ["expires_on"] = "2028-01-02", ["customer_id"] = person,
        });
        var id = read.GetProperty("id").GetGuid();
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from log.events e where e.id = {id}", Ct));
        Assert.Equal("batch_produced", await database.Db.One<string>($"select e.event_type from pocm.events e where e.id = {id}", Ct));
        Assert.Equal(500, await database.Db.One<int>($"select (d.data ->> 'quantity')::integer from pocm.event_data d where d.event_id = {id}", Ct));
        // And the other way: what is written as a body is held against the same schema and shown by the typed table.
        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run($"insert into pocm.event_data (event_type, data) values ('batch_released', {"{}"}::jsonb)", Ct));
        Assert.Contains("released_by is required", refused.MessageText, StringComparison.Ordinal);
        await database.Db.Run($"insert into pocm.event_data (event_type, customer_id, data) values ('batch_released', {person}, {"{\"batch_number\":\"B-2026-1\",\"product_id\":\"patch\",\"site\":\"Chennai\",\"released_by\":\"QP 7\"}"}::jsonb)", Ct);
        Assert.Equal("released by QP 7", await database.Db.One<string>($"select v.action || ' by ' || v.released_by from pocm.batch_production_events v where v.customer_id = {person} and v.action <> 'produced'", Ct));
        // A type nobody knows has no table and is refused here.
        Assert.Contains("not in the catalogue", (await Refused("events", new() { ["event_type"] = "made_up" })).MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("support_events", "customer_service_events")]
    [InlineData("refund_events", "return_events")]
    [InlineData("page_view_events", "product_view_events")]
    [InlineData("promotion_events", "discount_events")]
    [InlineData("shipping_events", "logistics_events")]
    [InlineData("review_events", "feedback_events")]
    [InlineData("order_events", "bulk_order_events")]
    public async Task Defect_130_Tables_of_like_names_are_told_apart(string one, string other)
    {
        var kinds = (await Kinds()).ToLookup(k => k.ViewName);
        Assert.Empty(kinds[one].Select(k => k.EventType).Intersect(kinds[other].Select(k => k.EventType)));
        // Each has fields the other has not, and one of the two says which the other is.
        Assert.True(kinds[one].First().Fields.Except(kinds[other].First().Fields).Count() >= 4 && kinds[other].First().Fields.Except(kinds[one].First().Fields).Count() >= 4);
        var words = (await database.Db.List<string>($"select obj_description(v::regclass) from unnest({new[] { "pocm." + one, "pocm." + other }}) as v", Ct))
            .ConvertAll(w => w.Replace('-', ' ').ToLowerInvariant());
        string Name(string view) => view.Replace("_events", " event", StringComparison.Ordinal).Replace('_', ' ');
        Assert.True(words[0].Contains(Name(other), StringComparison.Ordinal) || words[1].Contains(Name(one), StringComparison.Ordinal), string.Join('\n', words));
        Assert.Contains("bulk operations", await database.Db.One<string>($"select obj_description('pocm.batch_operations'::regclass)", Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defect_131_Keys_limits_and_audit_have_one_home_for_all_services()
    {
        Assert.Equal(["platform"], await database.Db.List<string>($"""
            select distinct split_part(c.base_relation, '.', 1) from platform.blueprint_columns c where c.blueprint = 'pocm' and c.relation in ('api_keys', 'rate_limits', 'compliance_audit_logs')
            """, Ct));
        Assert.Equal(["batch_operations", "event_schemas", "event_types", "quarantined_events", "source_counts", "staged_events"], await database.Db.List<string>($"select t.tablename::text from pg_tables t where t.schemaname = 'events' order by 1", Ct));
    }

    [Fact]
    public async Task Personal_properties_are_marked()
    {
        var personal = await database.Db.List<string>($"select p.event_type || '.' || p.property || coalesce(' ' || p.log_column, '') from events.personal_properties p", Ct);
        Assert.Superset(new HashSet<string> { "adverse_event_reported.description", "signed_in.ip_address ip_address", "shipment_delivered.signed_by", "feedback_submitted.comment", "training_completed.trainee_id" }, personal.ToHashSet());
    }

    [Fact]
    public async Task A_page_of_ten_thousand_holds_every_row_and_prints_what_it_costs()
    {
        var person = await database.NewCustomer(database.Alpha);
        await database.Db.Run($"""
            insert into log.events (organization_id, event_type, event_name, customer_id, occurred_at, properties)
            select platform.organization(), 'sensor_reading', 'Sensor reading', {person}, timestamptz '2026-01-01' + n * interval '1 second',
                   jsonb_build_object('device_id', 'd' || n % 20, 'sensor_type', 'glucose', 'value', 4 + n % 50 / 10.0, 'unit', 'mmol/L', 'effective_at', timestamptz '2026-01-01' + n * interval '1 second', 'battery_level', 0.5)
            from generate_series(1, 10000) as n
            """, Ct);
        await using (var owner = await database.Databases.OpenOwner(Ct))
        await owner.Run("analyze log.events");
        Sql[] ways =
        [
            $"select v.id, v.device_id, v.sensor_type, v.value, v.unit, v.effective_at, v.battery_level from pocm.sensor_reading_events v where v.customer_id = {person}",
            $"""
            select e.id, e.properties ->> 'device_id', e.properties ->> 'sensor_type', (e.properties ->> 'value')::numeric, e.properties ->> 'unit', (e.properties ->> 'effective_at')::timestamptz, (e.properties ->> 'battery_level')::numeric
            from log.facts e where e.event_type = 'sensor_reading' and e.customer_id = {person}
            """,
        ];
        var best = new double[2];
        for (var turn = 0; turn < 14; turn++)
        {
            var watch = Stopwatch.GetTimestamp();
            Assert.Equal(10000, await database.Db.One<long>($"select count(q) from ({ways[turn % 2]} offset 0) as q", Ct));
            var took = Stopwatch.GetElapsedTime(watch).TotalMilliseconds;
            best[turn % 2] = best[turn % 2] == 0 ? took : Math.Min(best[turn % 2], took);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"10,000 rows: view {best[0]:0.0} ms, hand-written select {best[1]:0.0} ms, {best[0] / best[1]:0.00} times");
    }
}
