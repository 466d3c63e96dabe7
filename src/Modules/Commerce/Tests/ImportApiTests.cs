using System.Net;
using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>The console's way through an import, over HTTP, with the server's own worker.</summary>
public sealed class ImportApiTests(ImportApiTests.App app) : IClassFixture<ImportApiTests.App>, IAsyncLifetime
{
    /// <summary>Beta has imports of its own: one with rejects, one of the very file alpha imports, and one that waits.</summary>
    public sealed class App : TestApp
    {
        /// <summary>Stands in everything of beta's, and nowhere else.</summary>
        public const string Word = "atlantis";

        public Guid Theirs { get; private set; }

        public Guid Same { get; private set; }

        public Guid Waiting { get; private set; }

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            const string Orders = Rig.Header + "10,2023-12-24 09:30,A1,Atlantis cup,2,1234.50,7,Atlantis\n11,atlantis,A2,Atlantis pot,1,1.00,8,Atlantis\nx-atlantis,2023-12-24 09:30,A2,Pot,one,1.00,8,Atlantis\n";
            Theirs = await Import("atlantis.csv", Orders, new { mapping = Rig.Mapping() });
            Same = await Import("atlantis-same.csv", File, null);
            Waiting = await Upload("atlantis-waits.csv", Orders);
        }

        private async Task<Guid> Upload(string name, string csv)
        {
            using var body = new StringContent(csv);
            using var answer = await Stranger.PostAsync(new Uri($"api/imports?kind=orders&name={name}", UriKind.Relative), body, CancellationToken.None);
            return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(CancellationToken.None)).GetProperty("id").GetGuid();
        }

        private async Task<Guid> Import(string name, string csv, object? mapping)
        {
            var id = await Upload(name, csv);
            mapping ??= new { mapping = (await Stranger.Json($"api/imports/{id}/preview")).GetProperty("suggested") };
            (await Stranger.Post($"api/imports/{id}/start", mapping)).EnsureSuccessStatusCode().Dispose();
            await Until(Stranger, $"{id}", "completed");
            return id;
        }

        /// <summary>What beta has: its imports as it sees them, its rows and its rejects.</summary>
        public async Task<string> TheirsNow() => $"""
            {(await Stranger.Json("api/imports")).GetRawText()}
            {await Rig.Count(this, Beta)}
            {await For(Beta).One<long>($"select count(*) from platform.import_rejects", CancellationToken.None)} {await For(Beta).One<long>($"select count(*) from platform.import_pieces", CancellationToken.None)}
            """;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string before = string.Empty;

    public async ValueTask InitializeAsync() => before = await app.TheirsNow();

    // Whatever a test did in alpha, beta has what it had.
    public async ValueTask DisposeAsync() => Assert.Equal(before, await app.TheirsNow());

    private const string File = "Order ID;Created at;SKU;Lineitem quantity;Lineitem price;Customer ID\n10;24.12.2023 09:30;A1;2;1.234,50;7.0\n11;25.12.2023 09:30;A2;x;1,00;8.0\n";

    private async Task<JsonElement> Upload(string content)
    {
        using var body = new StringContent(content);
        using var answer = await app.Admin.PostAsync(new Uri("api/imports?kind=orders&name=shop.csv", UriKind.Relative), body, Ct);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
    }

    // What alpha reads, and nothing of beta's in it.
    private async Task<string> Read(string path)
    {
        var text = await app.Admin.GetStringAsync(new Uri(path, UriKind.Relative), Ct);
        Assert.DoesNotContain(App.Word, text, StringComparison.OrdinalIgnoreCase);
        Assert.All([app.Theirs, app.Same, app.Waiting], id => Assert.DoesNotContain($"{id}", text, StringComparison.Ordinal));
        return text;
    }

    private Task<JsonElement> Until(string id, params string[] states) => Until(app.Admin, id, states);

    private static async Task<JsonElement> Until(HttpClient client, string id, params string[] states)
    {
        for (var i = 0; i < 200; i++)
        {
            var import = await client.Json($"api/imports/{id}");
            if (states.Contains(import.GetProperty("state").GetString())) return import;
            await Task.Delay(100, Ct);
        }
        throw new TimeoutException();
    }

    [Fact]
    public async Task Upload_preview_check_start_rejects_undo()
    {
        var uploaded = await Upload(File);
        var id = uploaded.GetProperty("id").GetString()!;
        Assert.Equal(("uploaded", 2), (uploaded.GetProperty("state").GetString(), uploaded.GetProperty("lines").GetInt32()));

        // The guess finds the delimiter, the decimal comma, the date format and the columns by their usual names.
        var preview = JsonSerializer.Deserialize<JsonElement>(await Read($"api/imports/{id}/preview"));
        var suggested = preview.GetProperty("suggested");
        var format = suggested.GetProperty("format");
        Assert.Equal((";", ",", "dd.MM.yyyy HH:mm"), (format.GetProperty("delimiter").GetString(), format.GetProperty("decimal").GetString(), format.GetProperty("date").GetString()));
        Assert.Equal(["orderNumber", "orderedAt", "productId", "quantity", "unitPrice", "customerId"], suggested.GetProperty("columns").EnumerateObject().Select(c => c.Name));
        Assert.Equal("^([0-9]+)(\\.0)?$", suggested.GetProperty("columns").GetProperty("customerId").GetProperty("pattern").GetString());

        using var checking = await app.Admin.Post($"api/imports/{id}/check", new { mapping = suggested });
        var rows = JsonSerializer.Deserialize<JsonElement>(await checking.Content.ReadAsStringAsync(Ct)).GetProperty("rows");
        Assert.Equal([true, false], rows.EnumerateArray().Select(r => r.GetProperty("ok").GetBoolean()));
        Assert.Equal("7", rows[0].GetProperty("values").GetProperty("customerId").GetString());

        using var started = await app.Admin.Post($"api/imports/{id}/start", new { mapping = suggested });
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        var done = await Until(id, "completed", "failed");
        // Beta had imported the same file: that makes nothing here a duplicate.
        Assert.Equal(0, done.GetProperty("duplicates").GetInt32());
        Assert.Equal((1, 1, 1), (done.GetProperty("accepted").GetInt32(), done.GetProperty("rejected").GetInt32(), done.GetProperty("counts").GetProperty("orders").GetInt32()));

        var rejects = await Read($"api/imports/{id}/rejects.csv");
        Assert.Equal("line,reason,fields as they stood in the file\r\n3,\"quantity \"\"x\"\" is not a number with \"\",\"\" as decimal sign.\",11,25.12.2023 09:30,A2,x,\"1,00\",8.0\r\n", rejects);
        Assert.Contains("Created at", await Read($"api/imports/{id}/mapping.json"), StringComparison.Ordinal);

        Assert.Equal((409, "import_not_running"), await (await app.Admin.Post($"api/imports/{id}/cancel")).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post($"api/imports/{id}/undo")).Problem());
        Assert.Equal(HttpStatusCode.Accepted, (await app.Admin.Post($"api/imports/{id}/undo")).StatusCode);
        await Until(id, "undone");
        Assert.False(await app.Db.One<bool>($"select exists (select from commerce.customer_orders o where o.order_id = '10')", Ct));
        Assert.True(await app.For(app.Beta).One<bool>($"select exists (select from commerce.customer_orders o where o.order_id = '10')", Ct));
    }

    [Fact]
    public async Task Another_organizations_imports_are_neither_seen_nor_touched()
    {
        var ours = (await Upload(File)).GetProperty("id").GetGuid();
        Assert.Contains($"{ours}", await Read("api/imports"), StringComparison.Ordinal);
        await Read("api/imports/fields");
        foreach (var id in (Guid[])[app.Theirs, app.Same, app.Waiting]) await IsNobodys(app.Admin, id);

        // And the other way round.
        Assert.DoesNotContain("shop.csv", (await app.Stranger.Json("api/imports")).GetRawText(), StringComparison.Ordinal);
        await IsNobodys(app.Stranger, ours);
        Assert.Equal("uploaded", (await app.Admin.Json($"api/imports/{ours}")).GetProperty("state").GetString());
    }

    private static async Task IsNobodys(HttpClient client, Guid id)
    {
        foreach (var path in new[] { "", "/preview", "/rejects.csv", "/mapping.json" })
            Assert.Equal((404, "not_found"), await (await client.GetAsync(new Uri($"api/imports/{id}{path}", UriKind.Relative), Ct)).Problem());
        foreach (var act in new[] { "check", "start", "cancel", "undo" })
            Assert.Equal((404, "not_found"), await (await client.Post($"api/imports/{id}/{act}", new { mapping = Rig.Mapping() })).Problem());
        Assert.Equal((404, "not_found"), await (await client.DeleteAsync(new Uri($"api/imports/{id}", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task A_cell_that_a_spreadsheet_would_run_is_defused()
    {
        var id = (await Upload("Order ID,Date,SKU,Quantity,Price\n=cmd|'/c calc'!A1,nonsense,A,1,1\n")).GetProperty("id").GetString()!;
        var mapping = new { format = new { date = "yyyy-MM-dd", currency = "EUR" }, columns = new { orderNumber = "Order ID", orderedAt = "Date", productId = "SKU", quantity = "Quantity", unitPrice = "Price" } };
        await app.Admin.Post($"api/imports/{id}/start", new { mapping });
        await Until(id, "completed");
        var rejects = await Read($"api/imports/{id}/rejects.csv");
        Assert.DoesNotContain(",=cmd", rejects, StringComparison.Ordinal);
        Assert.DoesNotContain("\"=cmd", rejects, StringComparison.Ordinal);
        // Who defuses lines still gives out only their own.
        Assert.Equal(2, rejects.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("""{"mapping":{"columns":{"orderNumber":7}}}""")]
    [InlineData("""{"mapping":"x"}""")]
    [InlineData("""{"mapping":{"nonsense":true}}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    public async Task A_mapping_that_is_none_is_a_400(string body)
    {
        var id = (await Upload(File)).GetProperty("id").GetString()!;
        foreach (var act in new[] { "start", "check" })
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var answer = await app.Admin.PostAsync(new Uri($"api/imports/{id}/{act}", UriKind.Relative), content, Ct);
            Assert.InRange((int)answer.StatusCode, act == "check" ? 200 : 400, 499);
        }
        Assert.Equal(HttpStatusCode.NoContent, (await app.Admin.DeleteAsync(new Uri($"api/imports/{id}", UriKind.Relative), Ct)).StatusCode);
    }

    [Theory]
    [InlineData("", "file_empty")]
    [InlineData("a,b\n", "file_empty")]
    public async Task A_bad_upload_is_refused_with_its_code(string content, string code)
    {
        using var body = new StringContent(content);
        Assert.Equal((400, code), await (await app.Admin.PostAsync(new Uri("api/imports?kind=orders&name=a.csv", UriKind.Relative), body, Ct)).Problem());
        using var other = new StringContent("a\n1\n");
        Assert.Equal((400, "validation_failed"), await (await app.Admin.PostAsync(new Uri("api/imports?kind=people&name=a.csv", UriKind.Relative), other, Ct)).Problem());
        Assert.DoesNotContain("a.csv", await Read("api/imports"), StringComparison.Ordinal);
    }
}
