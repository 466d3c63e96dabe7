using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Events.Tests;

/// <summary>Files of events and customers through the import of first light: JSON lines and CSV.</summary>
public sealed class ImportTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Id(string prefix) => prefix + "-" + Guid.NewGuid().ToString("N")[..12];

    private async Task<JsonElement> Import(string kind, string name, string text, object mapping)
    {
        using var content = new StringContent(text);
        using var uploaded = await app.Admin.PostAsync(new Uri($"api/imports?kind={kind}&name={name}", UriKind.Relative), content, Ct);
        var id = (await uploaded.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("id").GetString()!;
        return await Start(id, mapping);
    }

    private async Task<JsonElement> Start(string id, object mapping)
    {
        using var started = await app.Admin.Post($"api/imports/{id}/start", new { mapping });
        Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync(Ct));
        return await Until(id, "completed");
    }

    private async Task<JsonElement> Until(string id, string state)
    {
        for (var patience = 0; patience < 600; patience++)
        {
            var import = await app.Admin.Json($"api/imports/{id}");
            if (import.GetProperty("state").GetString() == state) return import;
            Assert.NotEqual("failed", import.GetProperty("state").GetString());
            await Task.Delay(50, Ct);
        }
        throw new TimeoutException();
    }

    private static readonly object json = new { format = new { delimiter = "json" }, columns = new { message = "$" } };

    [Fact]
    public async Task Json_lines_of_messages_are_events_and_a_batch_operation_tells_of_them()
    {
        var (user, word) = (Id("user"), Id("Word"));
        var file = $$$"""
            {"type": "identify", "userId": "{{{user}}}", "traits": {"email": "{{{user}}}@d.example"} }
            {"type": "track", "event": "{{{word}}}", "userId": "{{{user}}}", "timestamp": "2023-05-01T10:00:00Z", "properties": {"n": 1, "odd": "a\u0000b"} }
            {"type": "track", "event": "{{{word}}}", "userId": "{{{user}}}", "messageId": "{{{word}}}-1"}
            {"type": "track", "event": "{{{word}}}", "userId": "{{{user}}}", "messageId": "{{{word}}}-1"}
            no json
            {"type": "track"}
            """;
        var import = await Import("events", "events.jsonl", file, json);
        Assert.Equal((1, 2), (import.GetProperty("duplicates").GetInt32(), import.GetProperty("rejected").GetInt32()));
        Assert.Equal(2, await app.Db.One<long>($"select count(*) from log.facts e where e.event_name = {word}", Ct));
        Assert.Equal($"{user}@d.example", await app.Db.One<string>($"select c.email from customers.customers c where c.customer_id = {user}", Ct));
        Assert.Equal("2023-05-01 10:00:00+00", await app.Db.One<string>($"select min(e.occurred_at)::text from log.events e where e.event_name = {word}", Ct));
        var id = Guid.Parse(import.GetProperty("id").GetString()!);
        Assert.Equal("completed 4 2", await app.Db.One<string>($"select concat_ws(' ', b.status, b.accepted_count, b.rejected_count) from events.batch_operations b where b.id = {id}", Ct));
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from events.batch_operations", Ct));
        var rejects = await app.Admin.GetStringAsync(new Uri($"api/imports/{id}/rejects.csv", UriKind.Relative), Ct);
        Assert.Contains("no JSON object", rejects, StringComparison.Ordinal);

        // The same file again brings nothing; after an undo it brings all but what has message ids of its own.
        var again = await Import("events", "again.jsonl", file, json);
        Assert.Equal(4, again.GetProperty("duplicates").GetInt32());
        using (var undo = await app.Admin.Post($"api/imports/{id}/undo")) Assert.True(undo.IsSuccessStatusCode);
        await Until(id.ToString(), "undone");
        Assert.Equal(0, await app.Db.One<long>($"select count(*) from log.facts e where e.event_name = {word}", Ct));
        await Import("events", "third.jsonl", file, json);
        Assert.Equal(1, await app.Db.One<long>($"select count(*) from log.facts e where e.event_name = {word}", Ct));
    }

    [Fact]
    public async Task A_table_of_events_has_a_column_for_each_part()
    {
        var (user, word) = (Id("user"), Id("Word"));
        var file = $"What;Who;When;Details\n{word};{user};2023-05-01 10:00;\"{{\"\"total\"\": 12.5}}\"\n{word};{user};2023-05-02 10:00;not json\n;{user};2023-05-02 10:00;\n";
        var import = await Import("events", "events.csv", file, new
        {
            format = new { delimiter = ";", date = "yyyy-MM-dd HH:mm", timeZone = "Europe/Paris" },
            columns = new { @event = "What", userId = "Who", timestamp = "When", properties = "Details" },
        });
        Assert.Equal(2, import.GetProperty("rejected").GetInt32());
        Assert.Equal("12.50 2023-05-01 08:00:00+00", await app.Db.One<string>($"select concat_ws(' ', e.event_value, e.occurred_at) from log.facts e where e.event_name = {word}", Ct));
    }

    [Fact]
    public async Task Customers_are_made_and_told_of_and_the_import_can_be_undone()
    {
        var (known, fresh) = (Id("known"), Id("fresh"));
        await app.Db.Run($"insert into customers.customers (customer_id, name, email, anonymous) values ({known}, 'Old', 'old@e.example', true)", Ct);
        var file = $$$"""
            {"id": "{{{known}}}", "email": "{{{known}}}@e.example", "address": {"city": "Dakar"}, "more": {"plan": "pro"} }
            {"id": "{{{fresh}}}", "name": "New", "email": "{{{fresh}}}@e.example"}
            {"name": "Nobody"}
            """;
        var import = await Import("customers", "customers.jsonl", file, new
        {
            format = new { delimiter = "json" },
            columns = new { customerId = "id", email = "email", name = "name", city = "address.city", attributes = "more" },
        });
        Assert.Equal(1, import.GetProperty("rejected").GetInt32());
        Assert.Equal(1, import.GetProperty("counts").GetProperty("customersCreated").GetInt32());
        // A file tells of customers, not of visitors, and is believed.
        Assert.Equal($"Old Dakar pro {known}@e.example f", await app.Db.One<string>($"select concat_ws(' ', c.name, c.city, c.custom_attributes ->> 'plan', c.email, c.anonymous) from customers.customers c where c.customer_id = {known}", Ct));
        Assert.Null(await app.Person(fresh, app.Beta));

        using (var undo = await app.Admin.Post($"api/imports/{import.GetProperty("id").GetString()}/undo")) Assert.True(undo.IsSuccessStatusCode);
        await Until(import.GetProperty("id").GetString()!, "undone");
        Assert.Null(await app.Person(fresh));
        Assert.NotNull(await app.Person(known));
    }

    [Theory]
    [InlineData("customers", "Référence client;Courriel;N° fiscal;Téléphone;Nom complet;Date de naissance;Pays;Ville;Code postal", "customerId email phone name birthDate country city postalCode")]
    [InlineData("events", "Événement;Utilisateur;Date et heure;Propriétés", "event userId timestamp properties")]
    [InlineData("orders", "N° de commande;Date de commande;Code article;Désignation;Quantité;Prix unitaire;Client", "orderNumber orderedAt productId productName quantity unitPrice customerName")]
    public async Task French_headers_are_understood(string kind, string header, string fields)
    {
        using var content = new StringContent($"{header}\n{string.Join(';', header.Split(';').Select(_ => "1"))}\n");
        using var uploaded = await app.Admin.PostAsync(new Uri($"api/imports?kind={kind}&name=fr.csv", UriKind.Relative), content, Ct);
        var id = (await uploaded.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("id").GetString()!;
        var suggested = (await app.Admin.Json($"api/imports/{id}/preview")).GetProperty("suggested").GetProperty("columns");
        Assert.Equal(fields.Split(' ').Order(), suggested.EnumerateObject().Select(c => c.Name).Order());
    }

    [Fact]
    public async Task The_columns_of_json_lines_are_proposed()
    {
        using var content = new StringContent("{\"id\": \"1\", \"email\": \"a@b.example\", \"traits\": {\"plan\": \"pro\"}}\n");
        using var uploaded = await app.Admin.PostAsync(new Uri("api/imports?kind=customers&name=one.jsonl", UriKind.Relative), content, Ct);
        var id = (await uploaded.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("id").GetString()!;
        var preview = await app.Admin.Json($"api/imports/{id}/preview");
        Assert.Equal(["$", "id", "email", "traits", "traits.plan"], preview.GetProperty("columns").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(JsonValueKind.Null, preview.GetProperty("suggested").GetProperty("format").GetProperty("currency").ValueKind);
        Assert.Equal("id", preview.GetProperty("suggested").GetProperty("columns").GetProperty("customerId").GetString());
        Assert.Equal(("json", "email"), (preview.GetProperty("suggested").GetProperty("format").GetProperty("delimiter").GetString(), preview.GetProperty("suggested").GetProperty("columns").GetProperty("email").GetString()));
    }

    [Fact]
    public async Task Lines_that_are_messages_are_proposed_whole_and_a_mapping_without_an_event_is_refused()
    {
        using var content = new StringContent("{\"type\": \"track\", \"event\": \"Seen\", \"userId\": \"1\", \"properties\": {\"a\": 1}}\n");
        using var uploaded = await app.Admin.PostAsync(new Uri("api/imports?kind=events&name=one.jsonl", UriKind.Relative), content, Ct);
        var id = (await uploaded.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("id").GetString()!;
        var suggested = (await app.Admin.Json($"api/imports/{id}/preview")).GetProperty("suggested");
        Assert.Equal("""{"message":"$"}""", suggested.GetProperty("columns").GetRawText());
        Assert.Equal(JsonValueKind.Null, suggested.GetProperty("status").ValueKind);

        async Task<JsonElement> Check(object mapping)
        {
            using var answer = await app.Admin.Post($"api/imports/{id}/check", new { mapping });
            return await answer.Content.ReadFromJsonAsync<JsonElement>(Ct);
        }
        var row = (await Check(suggested)).GetProperty("rows")[0].GetProperty("values");
        Assert.Equal(("Seen", "1", """{"a":1}"""), (row.GetProperty("event").GetString(), row.GetProperty("userId").GetString(), row.GetProperty("properties").GetString()));
        Assert.Equal(["columns.event", "format.date"], (await Check(new { format = new { delimiter = "json", date = "soon" }, columns = new { userId = "userId" } })).GetProperty("problems").EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal("""The mapping has no member "delimiter" (line 1, column 2); it belongs in "format".""", (await Check(new { delimiter = "json" })).GetProperty("problems").GetProperty("delimiter")[0].GetString());
    }
}
