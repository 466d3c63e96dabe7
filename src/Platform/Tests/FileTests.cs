using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

/// <summary>Files over HTTP: taken in, listed, opened by signed links, gone with their rows.</summary>
public sealed class FileTests(FileTests.App app) : IClassFixture<FileTests.App>
{
    /// <summary>A store that can be told to fail, and a clock that can be put ahead.</summary>
    public sealed class App : TestApp, IFileStore
    {
        public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("clientele-file-tests-");

        public PeopleApp.Clock Time { get; } = new();

        public bool Away { get; set; }

        public DiskStore Store => field ??= new DiskStore(Folder.FullName);

        public FileSweeper Sweeper => new(Databases, this, TimeProvider.System, NullLogger<FileSweeper>.Instance);

        protected override void Configure(IServiceCollection services)
        {
            services.AddLogging(l => l.ClearProviders());
            services.AddSingleton<IFileStore>(this);
            services.AddSingleton<TimeProvider>(Time);
            // The tests clear up themselves.
            services.AddSingleton(s => new FileSweeper(s.GetRequiredService<Databases>(), this, new Still(), NullLogger<FileSweeper>.Instance));
        }

        private sealed class Still : TimeProvider
        {
            public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
                System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            Folder.Delete(recursive: true);
        }

        private IFileStore Ready => Away ? throw new FileStoreException("The store is away.") : Store;

        public Task Put(string key, Stream content, CancellationToken ct) => Ready.Put(key, content, ct);

        public Task<Stream?> Open(string key, CancellationToken ct) => Ready.Open(key, ct);

        public Task Delete(string key, CancellationToken ct) => Ready.Delete(key, ct);

        public async IAsyncEnumerable<StoredFile> List(string prefix, [EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var file in Ready.List(prefix, ct)) yield return file;
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly byte[] picture = [0xFF, 0xD8, 0xFF, 0xE0, .. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];

    private static async Task<HttpResponseMessage> Send(HttpClient client, string name, byte[] bytes, string query = "", string? type = null)
    {
        using var content = new ByteArrayContent(bytes);
        if (type is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await client.PostAsync(new Uri($"api/files?name={Uri.EscapeDataString(name)}{query}", UriKind.Relative), content, Ct);
    }

    private static async Task<JsonElement> Read(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    private async Task<Guid> Keep(byte[] bytes, string name, string query = "") => (await Read(await Send(app.Admin, name, bytes, query))).GetProperty("id").GetGuid();

    private static async Task<string> Link(HttpClient client, Guid id, string query = "") =>
        (await Read(await client.Post($"api/files/{id}/link{query}"))).GetProperty("path").GetString()!.TrimStart('/');

    private async Task<HttpResponseMessage> Open(string path, string? range = null)
    {
        // Without cookie and header: the link is all it needs.
        using var browser = new HttpClient { BaseAddress = app.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (range is not null) request.Headers.Range = RangeHeaderValue.Parse(range);
        return await browser.SendAsync(request, Ct);
    }

    private Task<List<string>> Stored() => FileStoreContract.Keys(app.Store, app.Alpha.OrganizationId.ToString()!);

    private string Key(Guid id) => $"{app.Alpha.OrganizationId}/{id}";

    private Task<long> Used() => app.Service.One<long>($"select coalesce((select c.used from platform.usage_counters c where c.organization_id = {app.Alpha.OrganizationId} and c.limit_name = 'files.bytes'), 0)", Ct);

    // ----- in and out

    [Fact]
    public async Task A_file_is_taken_in_listed_and_opened_by_a_link()
    {
        var used = await Used();
        var file = await Read(await Send(app.Admin, "C:\\x\\Été 1.jpg", picture, type: "image/jpeg"));
        var id = file.GetProperty("id").GetGuid();
        Assert.Equal(("Été 1.jpg", "image/jpeg", picture.Length, false, "admin"), (file.GetProperty("name").GetString(), file.GetProperty("contentType").GetString(), file.GetProperty("bytes").GetInt32(),
            file.GetProperty("sensitive").GetBoolean(), file.GetProperty("uploadedBy").GetString()));
        Assert.Equal(used + picture.Length, await Used());
        Assert.Contains((await app.Viewer.Json("api/files")).GetProperty("items").EnumerateArray(), f => f.GetProperty("id").GetGuid() == id);
        Assert.Equal(100_000_000, (await app.Viewer.Json("api/files")).GetProperty("largestBytes").GetInt64());
        Assert.Equal("Été 1.jpg", (await app.Viewer.Json($"api/files/{id}")).GetProperty("name").GetString());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(picture)), await app.Service.One<string>($"select encode(f.sha256, 'hex') from platform.files f where f.id = {id}", Ct));

        using var answer = await Open(await Link(app.Viewer, id));
        Assert.Equal(picture, await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal(("image/jpeg", "attachment", "Été 1.jpg", "nosniff"), (answer.Content.Headers.ContentType?.ToString(), answer.Content.Headers.ContentDisposition?.DispositionType,
            answer.Content.Headers.ContentDisposition?.FileNameStar, answer.Headers.GetValues("X-Content-Type-Options").Single()));
        Assert.Equal("sandbox; default-src 'none'; frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal((true, "no-referrer"), (answer.Headers.CacheControl!.Private, answer.Headers.GetValues("Referrer-Policy").Single()));
        Assert.InRange(answer.Headers.CacheControl.MaxAge!.Value, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
        using var shown = await Open(await Link(app.Viewer, id, "?show=true"));
        Assert.Equal("inline", shown.Content.Headers.ContentDisposition?.DispositionType);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&sensitive=true")]
    public async Task A_part_can_be_asked_for(string query)
    {
        var link = await Link(app.Admin, await Keep(picture, "part.jpg", query));
        foreach (var (range, from, to) in ((string, int, int)[])[("bytes=0-9", 0, 9), ("bytes=65530-65545", 65530, 65545), ("bytes=-5", picture.Length - 5, picture.Length - 1), ("bytes=99990-", 99990, picture.Length - 1)])
        {
            using var part = await Open(link, range);
            Assert.Equal((HttpStatusCode.PartialContent, picture.Length), (part.StatusCode, part.Content.Headers.ContentRange?.Length));
            Assert.Equal(picture[from..(to + 1)], await part.Content.ReadAsByteArrayAsync(Ct));
        }
        using var beyond = await Open(link, "bytes=200000-");
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        using var browser = new HttpClient { BaseAddress = app.Address };
        using var head = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Head, link), Ct);
        Assert.Equal((HttpStatusCode.OK, picture.Length), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task What_is_refused_leaves_nothing()
    {
        var (before, used) = (await Stored(), await Used());
        Assert.Equal((400, "file_empty"), await (await Send(app.Admin, "a.txt", [])).Problem());
        Assert.Equal((415, "file_type_refused"), await (await Send(app.Admin, "a.svg", "<svg onload='alert(1)'/>"u8.ToArray(), type: "image/svg+xml")).Problem());
        Assert.Equal((415, "file_type_differs"), await (await Send(app.Admin, "a.png", picture)).Problem());
        Assert.Equal((415, "file_type_refused"), await (await Send(app.Admin, "a.txt", [.. Enumerable.Repeat((byte)'a', 200_000), 0])).Problem());
        Assert.Equal((403, "forbidden"), await (await Send(app.Viewer, "a.jpg", picture)).Problem());
        app.Away = true;
        try { Assert.Equal((503, "files_away"), await (await Send(app.Admin, "a.jpg", picture)).Problem()); }
        finally { app.Away = false; }
        Assert.Equal(before, await Stored());
        Assert.Equal(used, await Used());
    }

    [Fact]
    public async Task An_upload_that_breaks_off_or_lies_about_its_length_leaves_nothing()
    {
        var (before, used) = (await Stored(), await Used());
        var cookie = await Cookie();
        foreach (var (head, body) in ((string, byte[])[])[("Content-Length: 200000", picture[..90_000]), ("Transfer-Encoding: chunked", [.. "1ffff\r\n"u8, .. picture[..90_000]])])
        {
            using var socket = new TcpClient(app.Address.Host, app.Address.Port);
            var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /api/files?name=half.jpg HTTP/1.1\r\nHost: {app.Address.Authority}\r\nX-Clientele: console\r\nClientele-Organization: alpha\r\nCookie: {cookie}\r\n{head}\r\n\r\n"), Ct);
            await stream.WriteAsync(body, Ct);
            // So much has arrived that it is being stored.
            for (var patience = 0; patience < 200 && Directory.GetFiles(Path.Combine(app.Folder.FullName, ".incoming")).Length == 0; patience++) await Task.Delay(10, Ct);
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(app.Folder.FullName, ".incoming")));
            socket.Client.Close(0);
            for (var patience = 0; patience < 500 && Directory.GetFiles(Path.Combine(app.Folder.FullName, ".incoming")).Length > 0; patience++) await Task.Delay(10, Ct);
            Assert.Empty(Directory.GetFiles(Path.Combine(app.Folder.FullName, ".incoming")));
        }
        Assert.Equal(before, await Stored());
        Assert.Equal(used, await Used());
    }

    private async Task<string> Cookie()
    {
        using var client = app.Client("alpha");
        using var answer = await client.Post("api/session", new { email = "admin@alpha.example", password = TestApp.Password });
        return answer.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }

    [Fact]
    public async Task Limits_of_one_file_and_of_all_together_hold()
    {
        var before = (await FileStoreContract.Keys(app.Store, app.Beta.OrganizationId.ToString()!)).Count;
        async Task Set(string key, decimal value)
        {
            using var body = new StringContent($$"""{"value": {{value}}}""", Encoding.UTF8, "application/json");
            (await app.Stranger.PutAsync(new Uri($"api/settings/{key}", UriKind.Relative), body, Ct)).EnsureSuccessStatusCode();
        }
        await Set("files.max_megabytes", 1);
        await Set("files.total_megabytes", 2);
        byte[] Big(int bytes) => [0xFF, 0xD8, 0xFF, .. new byte[bytes - 3]];
        Assert.Equal((413, "too_large"), await (await Send(app.Stranger, "a.jpg", Big(1_000_001))).Problem());
        // Nobody says how long it is.
        using (var chunked = new StreamContent(new FileStoreContract.Dribble(Big(1_000_001), null)))
            Assert.Equal((413, "too_large"), await (await app.Stranger.PostAsync(new Uri("api/files?name=a.jpg", UriKind.Relative), chunked, Ct)).Problem());
        var first = (await Read(await Send(app.Stranger, "a.jpg", Big(1_000_000)))).GetProperty("id").GetGuid();
        // Together they do not fit, however many come at once.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await (await Send(app.Stranger, "b.jpg", Big(600_000))).Problem()));
        Assert.Equal([(201, null), (409, "x"), (409, "x"), (409, "x")], answers.Select(a => a.Status == 409 && a.Code is "files_full" or "limit_reached" ? (409, "x") : a).Order());
        Assert.Equal((409, "files_full"), await (await Send(app.Stranger, "c.jpg", Big(500_000))).Problem());
        Assert.Equal(before + 2, (await FileStoreContract.Keys(app.Store, app.Beta.OrganizationId.ToString()!)).Count);
        // What is deleted gives its room back.
        (await app.Stranger.DeleteAsync(new Uri($"api/files/{first}", UriKind.Relative), Ct)).EnsureSuccessStatusCode();
        await Read(await Send(app.Stranger, "c.jpg", Big(500_000)));
    }

    // ----- sensitive ones

    [Fact]
    public async Task A_sensitive_file_is_encrypted_and_opening_it_needs_a_permission_and_is_told()
    {
        var id = await Keep(picture, "passport.jpg", "&sensitive=true");
        await using (var stored = (await app.Store.Open(Key(id), Ct))!)
        {
            using var raw = new MemoryStream();
            await stored.CopyToAsync(raw, Ct);
            Assert.Equal(SealedFile.StoredBytes(picture.Length), raw.Length);
            Assert.False(raw.ToArray().AsSpan().IndexOf(picture.AsSpan(500, 20)) >= 0);
        }
        Assert.True((await app.Viewer.Json($"api/files/{id}")).GetProperty("sensitive").GetBoolean());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post($"api/files/{id}/link")).Problem());
        var link = await Link(app.Admin, id);
        using (var answer = await Open(link))
        {
            Assert.Equal(picture, await answer.Content.ReadAsByteArrayAsync(Ct));
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }
        using (await Open(link)) { }
        // Kept, asked for, and opened: the second time within the minute is the same reading.
        Assert.Equal(["api create", "user read", "system read By a signed link"], await app.Service.List<string>($"""
            select case when a.activity_type = 'create' then 'api' else a.actor_type end || ' ' || a.activity_type || coalesce(' ' || nullif(a.action_description, ''), '')
            from platform.activity_logs a where a.resource_type = 'file' and a.resource_id = {id.ToString()} order by a.position
            """, Ct));
        Assert.Equal(1, await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.resource_id = {id.ToString()} and a.activity_type = 'read' and a.actor_type = 'system' and a.ip_address is not null", Ct));
    }

    [Fact]
    public async Task A_rotation_of_keys_seals_the_files_keys_anew_and_leaves_the_bytes()
    {
        var folder = Directory.CreateTempSubdirectory("clientele-ring-");
        try
        {
            var ring = KeyRing.Open(folder.FullName);
            var desk = new FileDesk(app.Databases, app.Store, ring, NullLogger<FileDesk>.Instance);
            var db = app.For(app.Alpha with { Access = Access.Admin });
            var file = await desk.Receive(db, new FileKind("file", "files.max_megabytes"), new Upload("a.jpg", null, null, true, new MemoryStream(picture)), null, null, Ct);
            var before = await File.ReadAllBytesAsync(Path.Combine(app.Folder.FullName, Key(file.Id)), Ct);
            var old = ring.Current;
            ring.Rotate();
            var result = Assert.Single(await new Resealing(app.Databases, ring, [FileDesk.Column]).Run(Ct));
            Assert.Equal(1, result.Done);
            ring.Forget([old]);
            var sealedKey = await app.Service.One<byte[]>($"select f.sealed_key from platform.files f where f.id = {file.Id}", Ct);
            var key = ring.Open(FileDesk.Purpose(app.Alpha.OrganizationId!.Value, file.Id), sealedKey)!;
            Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(app.Folder.FullName, Key(file.Id)), Ct));
            await using var opened = new OpeningStream(new MemoryStream(before), key, file.Bytes);
            using var plain = new MemoryStream();
            await opened.CopyToAsync(plain, Ct);
            Assert.Equal(picture, plain.ToArray());
            await desk.Delete(db, file, null, Ct);
        }
        finally { folder.Delete(recursive: true); }
    }

    // ----- links

    [Fact]
    public async Task A_link_opens_one_file_for_a_while_and_nothing_else()
    {
        var (id, other) = (await Keep(picture, "one.jpg"), await Keep(picture, "two.jpg"));
        var theirs = (await Read(await Send(app.Stranger, "theirs.jpg", picture[..100]))).GetProperty("id").GetGuid();
        var link = await Link(app.Viewer, id);
        var expires = long.Parse(link.Split("expires=")[1].Split('&')[0], null);
        foreach (var wrong in (string[])
        [
            link.Replace($"{id}", $"{other}", StringComparison.Ordinal), link.Replace($"{id}", $"{theirs}", StringComparison.Ordinal), link.Replace($"{id}", $"{Guid.NewGuid()}", StringComparison.Ordinal),
            link.Replace($"={expires}", $"={expires + 1}", StringComparison.Ordinal), link.Replace($"={expires}", $"=+{expires}", StringComparison.Ordinal), link + "&show=1", link[..^1], link[..^3] + "AAA", $"files/{id}", $"files/{id}?expires={expires}",
            $"files/{id}?expires={expires}&signature=", $"files/{id}?expires={expires}&signature=x.y", link.Replace("signature=", "signature=00000000", StringComparison.Ordinal), link.Replace('.', '-'),
        ])
            Assert.Equal((wrong, (403, "link_invalid")), (wrong, await (await Open(wrong)).Problem()));
        Assert.Equal((400, "validation_failed"), await (await app.Viewer.Post($"api/files/{id}/link?minutes=6")).Problem());
        Assert.Equal((400, "validation_failed"), await (await app.Viewer.Post($"api/files/{id}/link?minutes=0")).Problem());
        Assert.Equal((404, "not_found"), await (await app.Stranger.Post($"api/files/{id}/link")).Problem());
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/files/{id}", UriKind.Relative), Ct)).Problem());
        Assert.Equal((404, "not_found"), await (await app.Stranger.DeleteAsync(new Uri($"api/files/{id}", UriKind.Relative), Ct)).Problem());
        Assert.DoesNotContain($"{id}", (await app.Stranger.Json("api/files")).ToString(), StringComparison.Ordinal);

        try
        {
            app.Time.Ahead = TimeSpan.FromMinutes(4);
            using (var answer = await Open(link)) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            app.Time.Ahead = TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(2);
            Assert.Equal((403, "link_expired"), await (await Open(link)).Problem());
            Assert.Equal((403, "link_invalid"), await (await Open(link[..^1])).Problem());
        }
        finally { app.Time.Ahead = TimeSpan.Zero; }
        (await app.Admin.DeleteAsync(new Uri($"api/files/{id}", UriKind.Relative), Ct)).EnsureSuccessStatusCode();
        Assert.Equal((403, "link_invalid"), await (await Open(link)).Problem());
    }

    [Fact]
    public async Task Bytes_that_were_changed_or_lost_are_not_given_out()
    {
        var id = await Keep(picture, "harm.jpg", "&sensitive=true");
        var link = await Link(app.Admin, id);
        var path = Path.Combine(app.Folder.FullName, Key(id));
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[1000] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Ct);
        using (var damaged = await Open(link)) Assert.Equal(HttpStatusCode.InternalServerError, damaged.StatusCode);
        app.Away = true;
        try { Assert.Equal((503, "files_away"), await (await Open(link)).Problem()); }
        finally { app.Away = false; }
        File.Delete(path);
        Assert.Equal((410, "file_lost"), await (await Open(link)).Problem());
    }

    // ----- gone

    [Fact]
    public async Task Bytes_go_after_their_row_whenever_the_store_lets_them()
    {
        var id = await Keep(picture, "gone.jpg");
        (await app.Admin.DeleteAsync(new Uri($"api/files/{id}", UriKind.Relative), Ct)).EnsureSuccessStatusCode();
        // As if the node died here: the row is gone, the bytes are there, and the list of removals knows.
        Assert.Contains(Key(id), await Stored());
        app.Away = true;
        try
        {
            await app.Sweeper.RemoveDue(Ct);
            Assert.Equal("The store is away.", await app.Service.One<string>($"select r.last_error from platform.file_removals r where r.key = {Key(id)} and r.due_at > now()", Ct));
        }
        finally { app.Away = false; }
        await app.Sweeper.RemoveDue(Ct);
        Assert.Contains(Key(id), await Stored());
        await app.Service.Run($"update platform.file_removals r set due_at = now() where r.key = {Key(id)}", Ct);
        // As if the node died between removing the bytes and saying so.
        await app.Store.Delete(Key(id), Ct);
        Assert.True(await app.Sweeper.RemoveDue(Ct) >= 1);
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.file_removals r where r.key = {Key(id)})", Ct));
    }

    [Fact]
    public async Task Bytes_without_a_row_are_swept_after_a_day_and_nothing_else()
    {
        var kept = await Keep(picture, "kept.jpg");
        var (orphan, young) = (Guid.NewGuid(), Guid.NewGuid());
        var strange = "backup/2026-01-01/base.tar";
        foreach (var key in (string[])[Key(orphan), Key(young), strange]) await app.Store.Put(key, new MemoryStream([1]), Ct);
        foreach (var key in (string[])[Key(orphan), Key(kept), strange]) File.SetLastWriteTimeUtc(Path.Combine(app.Folder.FullName, key), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-32));
        Assert.Equal(1, await app.Sweeper.Sweep(Ct));
        var left = await FileStoreContract.Keys(app.Store, "");
        Assert.Superset(new HashSet<string> { Key(young), Key(kept), strange }, left.ToHashSet());
        Assert.DoesNotContain(Key(orphan), left);

        // A store full of strangers is somebody else's.
        var strangers = Enumerable.Range(0, 25).Select(_ => $"{Guid.NewGuid()}/{Guid.NewGuid()}").ToList();
        foreach (var key in strangers)
        {
            await app.Store.Put(key, new MemoryStream([1]), Ct);
            File.SetLastWriteTimeUtc(Path.Combine(app.Folder.FullName, key), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-32));
        }
        Assert.Equal(0, await app.Sweeper.Sweep(Ct));
        Assert.Superset(strangers.ToHashSet(), (await FileStoreContract.Keys(app.Store, "")).ToHashSet());
        foreach (var key in (string[])[.. strangers, Key(young), strange]) await app.Store.Delete(key, Ct);
    }

    [Fact]
    public async Task Nobody_writes_the_table_but_the_platform()
    {
        var admin = app.For(app.Alpha with { Access = Access.Admin });
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"insert into platform.files (id, kind, name, content_type, bytes, sha256) values ({Guid.NewGuid()}, 'file', 'a', 'text/plain', 1, {new byte[32]})", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"update platform.files f set name = 'x'", Ct));
        Assert.Equal(0, await admin.Run($"delete from platform.files f", Ct));
        Assert.Equal(0, await app.For(app.Alpha with { Access = Access.Member }).One<long>($"select count(*) from platform.files", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.List<string>($"select r.key from platform.file_removals r", Ct));
    }
}
