using System.Text;
using System.Text.Json;
using Clientele.Platform.Files;
using Clientele.Platform.Organizations;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Customers.Tests;

/// <summary>Documents of customers: whose they are, who opens them, and that they go with the person.</summary>
public sealed class DocumentTests(DocumentTests.App app) : IClassFixture<DocumentTests.App>
{
    public sealed class App : TestApp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Send(HttpClient client, Guid customer, string name, string query = "")
    {
        using var content = new StringContent("Some words.", Encoding.UTF8, "text/plain");
        using var answer = await client.PostAsync(new Uri($"api/customers/{customer}/files?name={name}{query}", UriKind.Relative), content, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        return answer.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(text) : throw new InvalidOperationException(text);
    }

    private static async Task<string[]> Names(HttpClient client, Guid customer) =>
        [.. (await client.Json($"api/customers/{customer}/files")).GetProperty("items").EnumerateArray().Select(f => f.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)];

    private Task<Guid> Somebody(Tenant? of = null) => app.For(of ?? app.Alpha).One<Guid>($"insert into customers.customers (customer_id) values ({Guid.NewGuid().ToString()}) returning id", Ct);

    private async Task<bool> Opens(string path)
    {
        using var browser = new HttpClient { BaseAddress = app.Address };
        using var answer = await browser.GetAsync(new Uri(path, UriKind.Relative), Ct);
        return answer.IsSuccessStatusCode;
    }

    [Fact]
    public async Task A_customers_documents_are_added_listed_opened_and_deleted()
    {
        var (person, other, theirs) = (await Somebody(), await Somebody(), await Somebody(app.Beta));
        var file = (await Send(app.Admin, person, "letter.txt")).GetProperty("id").GetGuid();
        var card = (await Send(app.Admin, person, "card.txt", "&sensitive=true")).GetProperty("id").GetGuid();
        var foreign = (await Send(app.Stranger, theirs, "theirs.txt")).GetProperty("id").GetGuid();
        Assert.Equal(["card.txt", "letter.txt"], await Names(app.Viewer, person));
        Assert.Equal(25_000_000, (await app.Viewer.Json($"api/customers/{person}/files")).GetProperty("largestBytes").GetInt64());
        Assert.Empty(await Names(app.Viewer, other));

        var link = (await (await app.Viewer.Post($"api/customers/{person}/files/{file}/link")).Content.ReadAsStringAsync(Ct)).Split('"')[3];
        Assert.True(await Opens(link));
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post($"api/customers/{person}/files/{card}/link")).Problem());
        Assert.Equal(200, (await (await app.Admin.Post($"api/customers/{person}/files/{card}/link")).Problem()).Status);
        // Another's, under one's own; and none of them is the organization's own.
        foreach (var wrong in (string[])[$"customers/{other}/files/{file}", $"customers/{person}/files/{foreign}", $"customers/{theirs}/files/{foreign}", $"files/{file}"])
        {
            Assert.Equal((wrong, (404, "not_found")), (wrong, await (await app.Admin.Post($"api/{wrong}/link")).Problem()));
            Assert.Equal((wrong, (404, "not_found")), (wrong, await (await app.Admin.DeleteAsync(new Uri($"api/{wrong}", UriKind.Relative), Ct)).Problem()));
        }
        using (var content = new StringContent("Some words."))
            Assert.Equal((403, "forbidden"), await (await app.Viewer.PostAsync(new Uri($"api/customers/{person}/files?name=a.txt", UriKind.Relative), content, Ct)).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.DeleteAsync(new Uri($"api/customers/{person}/files/{file}", UriKind.Relative), Ct)).Problem());

        Assert.Equal(204, (await (await app.Admin.DeleteAsync(new Uri($"api/customers/{person}/files/{file}", UriKind.Relative), Ct)).Problem()).Status);
        Assert.False(await Opens(link));
        Assert.Equal(["card.txt"], await Names(app.Viewer, person));
        Assert.Equal(["create card.txt", "create letter.txt", "delete letter.txt", "read By a signed link", "read card.txt", "read letter.txt"], await app.Service.List<string>($"""
            select a.activity_type || ' ' || coalesce(a.new_values ->> 'name', a.action_description) from platform.activity_logs a where a.resource_type = 'file' and a.subject_id = {person} order by 1
            """, Ct));
    }

    [Fact]
    public async Task Documents_go_with_a_merge_to_the_person_and_with_an_erasure_for_good()
    {
        var (person, merged, bystander) = (await Somebody(), await Somebody(), await Somebody());
        var one = (await Send(app.Admin, person, "one.txt")).GetProperty("id").GetGuid();
        var two = (await Send(app.Admin, merged, "two.txt", "&sensitive=true")).GetProperty("id").GetGuid();
        var stays = (await Send(app.Admin, bystander, "stays.txt")).GetProperty("id").GetGuid();
        var admin = app.For(app.Alpha with { Access = Access.Admin });
        var merge = await admin.One<Guid>($"select customers.merge({person}, {merged})", Ct);
        Assert.Equal(["one.txt", "two.txt"], await Names(app.Admin, person));
        Assert.Equal(["one.txt", "two.txt"], await Names(app.Admin, merged));
        var three = (await Send(app.Admin, merged, "three.txt")).GetProperty("id").GetGuid();
        Assert.Equal(["one.txt", "three.txt", "two.txt"], await Names(app.Admin, person));
        await admin.Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal(["one.txt", "three.txt"], await Names(app.Admin, person));
        Assert.Equal(["two.txt"], await Names(app.Admin, merged));
        await admin.One<Guid>($"select customers.merge({person}, {merged})", Ct);

        var link = (await (await app.Admin.Post($"api/customers/{person}/files/{two}/link")).Content.ReadAsStringAsync(Ct)).Split('"')[3];
        var store = app.Services.GetRequiredService<IFileStore>();
        async Task<List<Guid>> Stored() => [.. (await FileStoreContract.Keys(store, $"{app.Alpha.OrganizationId}/")).Select(k => Guid.Parse(k.Split('/')[1])).Where(k => k == one || k == two || k == three || k == stays)];
        Assert.Equal(4, (await Stored()).Count);
        Assert.Equal(204, (await (await app.Admin.DeleteAsync(new Uri($"api/customers/{person}", UriKind.Relative), Ct)).Problem()).Status);
        Assert.False(await Opens(link));
        await app.Services.GetRequiredService<FileSweeper>().RemoveDue(Ct);
        // The server's own sweeper may be at it.
        for (var patience = 0; patience < 100 && await app.Service.One<bool>($"select exists (select from platform.file_removals)", Ct); patience++) await Task.Delay(50, Ct);
        Assert.Equal([stays], await Stored());
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.files f where f.name in ('one.txt', 'two.txt', 'three.txt') and f.organization_id = {app.Alpha.OrganizationId})", Ct));
        // Not even the trail knows what they were called.
        Assert.Equal(0, await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.resource_type = 'file' and a.subject_id in ({person}, {merged}) and a.new_values is not null", Ct));
        Assert.Equal(["stays.txt"], await Names(app.Admin, bystander));
        using var content = new StringContent("Some words.");
        var before = (await FileStoreContract.Keys(store, $"{app.Alpha.OrganizationId}/")).Count;
        Assert.Equal((409, "wrong_state"), await (await app.Admin.PostAsync(new Uri($"api/customers/{person}/files?name=a.txt", UriKind.Relative), content, Ct)).Problem());
        Assert.Equal(before, (await FileStoreContract.Keys(store, $"{app.Alpha.OrganizationId}/")).Count);
    }

    [Fact]
    public async Task Files_of_an_organization_that_is_deleted_go_and_no_others()
    {
        var owner = await app.Service.One<Guid>($"select m.user_id from platform.organization_members m where m.organization_id = {app.Beta.OrganizationId} limit 1", Ct);
        var gone = await app.Service.InTransaction(t => Founding.Organization(t, "gone", "Gone", false, owner, Ct), Ct);
        var desk = app.Services.GetRequiredService<FileDesk>();
        var kind = new FileKind("file", "files.max_megabytes");
        foreach (var sensitive in (bool[])[true, false])
            await desk.Receive(app.For(gone), kind, new Upload("a.txt", null, null, sensitive, new MemoryStream("words"u8.ToArray())), null, null, Ct);
        var store = app.Services.GetRequiredService<IFileStore>();
        // What other tests erased goes meanwhile.
        await Removed();
        var others = await FileStoreContract.Keys(store, $"{app.Alpha.OrganizationId}/");
        Assert.Equal(2, (await FileStoreContract.Keys(store, $"{gone.OrganizationId}/")).Count);
        await app.Service.Run($"update platform.organizations o set closed_at = now() - interval '31 days' where o.id = {gone.OrganizationId}", Ct);
        while (await app.Service.One<bool>($"select platform.delete_organization({gone.OrganizationId})", Ct)) { }
        await Removed();
        Assert.Empty(await FileStoreContract.Keys(store, $"{gone.OrganizationId}/"));
        Assert.Equal(others, await FileStoreContract.Keys(store, $"{app.Alpha.OrganizationId}/"));

        async Task Removed()
        {
            await app.Services.GetRequiredService<FileSweeper>().RemoveDue(Ct);
            for (var patience = 0; patience < 100 && await app.Service.One<bool>($"select exists (select from platform.file_removals)", Ct); patience++) await Task.Delay(50, Ct);
        }
    }
}
