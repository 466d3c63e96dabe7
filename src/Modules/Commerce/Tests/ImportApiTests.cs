using System.Net;
using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>The console's way through an import, over HTTP, with the server's own worker.</summary>
public sealed class ImportApiTests(ImportApiTests.App app) : IClassFixture<ImportApiTests.App>
{
    public sealed class App : TestApp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private const string File = "Order ID;Created at;SKU;Lineitem quantity;Lineitem price;Customer ID\n10;24.12.2023 09:30;A1;2;1.234,50;7.0\n11;25.12.2023 09:30;A2;x;1,00;8.0\n";

    private async Task<JsonElement> Upload(string content)
    {
        using var body = new StringContent(content);
        using var answer = await app.Admin.PostAsync(new Uri("api/imports?kind=orders&name=shop.csv", UriKind.Relative), body, Ct);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
    }

    private async Task<JsonElement> Until(string id, params string[] states)
    {
        for (var i = 0; i < 200; i++)
        {
            var import = await app.Admin.Json($"api/imports/{id}");
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
        var preview = await app.Admin.Json($"api/imports/{id}/preview");
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
        Assert.Equal((1, 1, 1), (done.GetProperty("accepted").GetInt32(), done.GetProperty("rejected").GetInt32(), done.GetProperty("orders").GetInt32()));

        var rejects = await app.Admin.GetStringAsync(new Uri($"api/imports/{id}/rejects.csv", UriKind.Relative), Ct);
        Assert.Equal("line,reason,fields as they stood in the file\r\n3,\"quantity \"\"x\"\" is not a number with \"\",\"\" as decimal sign.\",11,25.12.2023 09:30,A2,x,\"1,00\",8.0\r\n", rejects);
        Assert.Contains("Created at", await app.Admin.GetStringAsync(new Uri($"api/imports/{id}/mapping.json", UriKind.Relative), Ct), StringComparison.Ordinal);

        Assert.Equal((409, "import_not_running"), await (await app.Admin.Post($"api/imports/{id}/cancel")).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post($"api/imports/{id}/undo")).Problem());
        Assert.Equal(HttpStatusCode.Accepted, (await app.Admin.Post($"api/imports/{id}/undo")).StatusCode);
        await Until(id, "undone");
        Assert.False(await app.Db.One<bool>($"select exists (select from commerce.customer_orders o where o.order_id = '10')", Ct));
    }

    [Fact]
    public async Task A_cell_that_a_spreadsheet_would_run_is_defused()
    {
        var id = (await Upload("Order ID,Date,SKU,Quantity,Price\n=cmd|'/c calc'!A1,nonsense,A,1,1\n")).GetProperty("id").GetString()!;
        var mapping = new { format = new { date = "yyyy-MM-dd", currency = "EUR" }, columns = new { orderNumber = "Order ID", orderedAt = "Date", productId = "SKU", quantity = "Quantity", unitPrice = "Price" } };
        await app.Admin.Post($"api/imports/{id}/start", new { mapping });
        await Until(id, "completed");
        var rejects = await app.Admin.GetStringAsync(new Uri($"api/imports/{id}/rejects.csv", UriKind.Relative), Ct);
        Assert.DoesNotContain(",=cmd", rejects, StringComparison.Ordinal);
        Assert.DoesNotContain("\"=cmd", rejects, StringComparison.Ordinal);
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
    }
}
