using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Clientele.DataApi.Standalone;
using Clientele.Platform.Migrations;
using Clientele.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.DataApi.Tests;

/// <summary>The Data API alone, over a database of somebody else's.</summary>
[Trait("Runs", "processes")]
public sealed class StandaloneTests(StandaloneTests.Database database) : IClassFixture<StandaloneTests.Database>
{
    private const string Secret = "a secret of more than thirty-two bytes";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public sealed class Database : IAsyncLifetime
    {
        private readonly string name = $"alone_{Guid.NewGuid():N}";
        private WebApplication app = null!;

        public HttpClient Client { get; private set; } = null!;

        public string Connection { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await TestDatabase.Administrate($"create database \"{name}\"");
            Connection = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = name, Pooling = false }.ConnectionString;
            await Run("""
                do $$ begin create role alone_nobody nologin; exception when duplicate_object then null; end $$;
                do $$ begin create role alone_clerk nologin; exception when duplicate_object then null; end $$;
                create schema shop;
                grant usage on schema shop to alone_nobody, alone_clerk;
                create table shop.sellers (id int primary key, name text not null);
                create table shop.sales (id int primary key generated always as identity, seller_id int references shop.sellers (id), amount numeric, country text, at timestamptz default now());
                insert into shop.sellers values (1, 'Ann'), (2, 'Ben'), (3, 'Cy');
                insert into shop.sales (seller_id, amount, country) values (1, 10, 'FR'), (1, 20, 'GB'), (2, 5, 'FR'), (2, 7, 'FR'), (null, 1, null);
                create table shop.secrets (word text);
                create table shop.documents (id text primary key, body jsonb);
                grant select on all tables in schema shop to alone_nobody;
                revoke all on shop.secrets from alone_nobody;
                grant all on all tables in schema shop to alone_clerk;
                create function shop.whoami() returns json language sql stable as $$ select json_build_object('role', current_user, 'claims', current_setting('request.jwt.claims', true)::json) $$;
                -- Who may make event triggers makes the catalogue follow every change.
                create function public.tell_data_api() returns event_trigger language plpgsql as $$ begin notify pgrst, 'reload schema'; end $$;
                create event trigger tell_data_api on ddl_command_end execute function public.tell_data_api();
                """);
            app = StandaloneApi.Build(Options, services => services.AddLogging(l => l.ClearProviders()));
            await app.StartAsync();
            Client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        }

        private StandaloneOptions Options => StandaloneOptions.Read(new Dictionary<string, string>
        {
            ["PGRST_DB_URI"] = Connection,
            ["PGRST_DB_SCHEMAS"] = "shop",
            ["PGRST_DB_ANON_ROLE"] = "alone_nobody",
            ["PGRST_DB_AGGREGATES_ENABLED"] = "true",
            ["PGRST_JWT_SECRET"] = Secret,
            ["PGRST_JWT_AUD"] = "shop",
            ["PGRST_SERVER_HOST"] = "127.0.0.1",
            ["PGRST_SERVER_PORT"] = "0",
        });

        public async Task Run(string sql)
        {
            await using var connection = new NpgsqlConnection(Connection);
            await connection.OpenAsync();
            await connection.Run(sql);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await app.DisposeAsync();
            await TestDatabase.Administrate($"drop database if exists \"{name}\" with (force)");
        }
    }

    private async Task<(int Status, string Text)> Get(string path, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await database.Client.SendAsync(request, Ct);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static string Token(object claims, string algorithm = "HS256", string secret = Secret)
    {
        static string Part(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var text = Part(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, typ = "JWT" })) + "." + Part(JsonSerializer.SerializeToUtf8Bytes(claims));
        return text + "." + Part(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(text)));
    }

    [Fact]
    public async Task Tokens_say_the_role_and_bad_ones_are_refused()
    {
        Assert.Equal((401, "42501"), await Code("secrets"));
        Assert.Equal(200, (await Get("/secrets", Token(new { role = "alone_clerk" }))).Status);
        Assert.Contains("alone_clerk", (await Get("/rpc/whoami", Token(new { role = "alone_clerk", aud = "shop" }))).Text, StringComparison.Ordinal);
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        Assert.Equal((401, "PGRST303"), await Code("sales", Token(new { role = "alone_clerk", exp = now.AddMinutes(-5).ToUnixTimeSeconds() })));
        Assert.Equal((401, "PGRST303"), await Code("sales", Token(new { role = "alone_clerk", nbf = now.AddMinutes(5).ToUnixTimeSeconds() })));
        Assert.Equal((401, "PGRST303"), await Code("sales", Token(new { role = "alone_clerk", aud = "another" })));
        Assert.Equal((401, "PGRST301"), await Code("sales", Token(new { role = "alone_clerk" }, secret: "another secret of more than thirty-two bytes")));
        Assert.Equal((401, "PGRST301"), await Code("sales", Token(new { role = "alone_clerk" }, algorithm: "none")));
        Assert.Equal((401, "PGRST301"), await Code("sales", "two.parts"));
    }

    [Fact]
    public async Task Tokens_of_an_identity_provider_are_believed_by_its_public_keys()
    {
        static string Part(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (r, c) = (rsa.ExportParameters(false), curve.ExportParameters(false));
        var keys = JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = "RSA", kid = "r", n = Part(r.Modulus!), e = Part(r.Exponent!) },
                new { kty = "EC", kid = "c", crv = "P-256", x = Part(c.Q.X!), y = Part(c.Q.Y!) },
            },
        });
        await using var app = StandaloneApi.Build(StandaloneOptions.Read(new Dictionary<string, string>
        {
            ["PGRST_DB_URI"] = database.Connection,
            ["PGRST_DB_SCHEMAS"] = "shop",
            ["PGRST_JWT_SECRET"] = keys,
            ["PGRST_SERVER_HOST"] = "127.0.0.1",
            ["PGRST_SERVER_PORT"] = "0",
        }), services => services.AddLogging(l => l.ClearProviders()));
        await app.StartAsync(Ct);
        using var client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        async Task<(int, string)> Ask(string algorithm, string kid, Func<byte[], byte[]> sign)
        {
            var text = Part(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, kid })) + "." + Part(JsonSerializer.SerializeToUtf8Bytes(new { role = "alone_clerk" }));
            using var request = new HttpRequestMessage(HttpMethod.Get, "rpc/whoami");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", text + "." + Part(sign(Encoding.ASCII.GetBytes(text))));
            using var answer = await client.SendAsync(request, Ct);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
        }
        foreach (var (algorithm, kid, sign) in new (string, string, Func<byte[], byte[]>)[]
        {
            ("RS256", "r", t => rsa.SignData(t, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            ("PS512", "r", t => rsa.SignData(t, HashAlgorithmName.SHA512, RSASignaturePadding.Pss)),
            ("ES256", "c", t => curve.SignData(t, HashAlgorithmName.SHA256)),
        })
        {
            var (status, said) = await Ask(algorithm, kid, sign);
            Assert.True(status == 200 && said.Contains("alone_clerk", StringComparison.Ordinal), $"{algorithm}: {status} {said}");
            Assert.Equal(401, (await Ask(algorithm, kid, t => { var s = sign(t); s[^1] ^= 1; return s; })).Item1);
        }
        // A public key is known to all: as a secret it proves nothing.
        Assert.Equal(401, (await Ask("HS256", "r", t => HMACSHA256.HashData(r.Modulus!, t))).Item1);
    }

    private async Task<(int, string?)> Code(string path, string? token = null)
    {
        var (status, text) = await Get("/" + path, token);
        return (status, JsonSerializer.Deserialize<JsonElement>(text).TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    [Fact]
    public async Task Having_and_distinct()
    {
        Assert.Equal("""[{"country":"FR","sum":22}]""", (await Get("/sales?select=country,amount.sum()&having=(amount.sum().gt.20)&order=country")).Text);
        Assert.Equal("""[{"country":"FR","count":3}]""", (await Get("/sales?select=country,count()&having=(or(count().gt.5,count().eq.3),country.neq.XX)")).Text);
        Assert.Equal("""[{"country":"FR"},{"country":"GB"},{"country":null}]""", (await Get("/sales?select=country&distinct=true&order=country")).Text);
        Assert.Equal("""[{"seller_id":1,"amount":20},{"seller_id":2,"amount":7}]""", (await Get("/sales?select=seller_id,amount&distinct=seller_id&order=seller_id,amount.desc&seller_id=not.is.null")).Text);
        Assert.Equal(400, (await Get("/sales?having=(amount.sum().gt.20)")).Status);
    }

    [Fact]
    public async Task A_page_far_down_embeds_only_what_it_shows()
    {
        Assert.Equal("""[{"id":3,"sellers":{"name":"Ben"}}]""", (await Get("/sales?select=id,sellers(name)&order=id&offset=2&limit=1")).Text);
        Assert.Equal("""[{"name" : "Cy", "sold" : []}]""", (await Get("/sellers?select=name,sold:sales(id)&order=id.desc&limit=1&offset=0")).Text);
    }

    [Fact]
    public async Task A_row_of_many_columns_under_other_names_is_one_object()
    {
        await database.Run("do $$ begin execute 'create table shop.wide as select ' || (select string_agg(format('%s as c%s', i, i), ', ') from generate_series(1, 120) i); end $$; grant select on shop.wide to alone_nobody");
        for (var patience = 0; patience < 100 && (await Get("/wide?limit=1")).Status != 200; patience++) await Task.Delay(50, Ct);
        var row = JsonSerializer.Deserialize<JsonElement>((await Get("/wide?select=first:c1,*")).Text)[0];
        Assert.Equal(121, row.EnumerateObject().Count());
        Assert.Equal((1, 1, 120), (row.GetProperty("first").GetInt32(), row.GetProperty("c1").GetInt32(), row.GetProperty("c120").GetInt32()));
        // A name that is no identifier anywhere, and longer than one may be.
        var strange = new string('x', 70) + "\"'; drop table shop.sales --";
        Assert.Contains(JsonEncodedText.Encode(strange, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(), (await Get($"/sales?select={Uri.EscapeDataString("\"" + strange.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"")}:id&limit=1")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalogue_follows_what_is_made()
    {
        Assert.Equal(404, (await Get("/made_later")).Status);
        await database.Run("create table shop.made_later as select 1 as one; grant select on shop.made_later to alone_nobody");
        for (var patience = 0; patience < 100 && (await Get("/made_later")).Status != 200; patience++) await Task.Delay(50, Ct);
        Assert.Equal((200, """[{"one":1}]"""), await Get("/made_later"));
    }

    [Fact]
    public async Task A_large_answer_streams_and_knows_its_range_when_it_counted()
    {
        await database.Run("create table if not exists shop.long_list as select i as id, repeat('x', 100) as pad from generate_series(1, 30000) i; grant select on shop.long_list to alone_nobody");
        for (var patience = 0; patience < 100 && (await Get("/long_list?limit=1")).Status != 200; patience++) await Task.Delay(50, Ct);
        using var answer = await database.Client.GetAsync(new Uri("/long_list?order=id", UriKind.Relative), Ct);
        var rows = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
        Assert.Equal(30000, rows.GetArrayLength());
        // Over HTTP/1.1 nothing follows a body, and before it nobody knows.
        Assert.False(answer.Content.Headers.Contains("Content-Range"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/long_list?order=id&limit=20000") { Headers = { { "Prefer", "count=exact" } } };
        using var counted = await database.Client.SendAsync(request, Ct);
        Assert.Equal((206, "0-19999/30000"), ((int)counted.StatusCode, counted.Content.Headers.GetValues("Content-Range").Single()));
    }

    [Fact]
    public async Task Half_a_character_and_deep_rows_are_the_callers_mistake()
    {
        static string Part(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        foreach (var header in new[] { """{"alg":"\ud800"}""", """{"alg":"HS256","kid":"\ud800"}""" })
            Assert.Equal((401, "PGRST301"), await Code("sales", $"{Part(header)}.{Part("{}")}.{Part("x")}"));

        async Task<(int, string)> Put(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/documents?id=eq.a") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token(new { role = "alone_clerk" }));
            using var answer = await database.Client.SendAsync(request, Ct);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
        }
        var deep = await Put($$"""{"id": "a", "body": {{new string('[', 100)}}{{new string(']', 100)}}}""");
        Assert.True(deep.Item1 == 201, deep.Item2);
        var half = await Put("""{"id": "\ud800", "body": null}""");
        Assert.True(half.Item1 == 400 && half.Item2.Contains("PGRST102", StringComparison.Ordinal), half.Item2);
    }

    [Fact]
    public void A_secret_that_can_be_guessed_or_is_public_is_not_taken()
    {
        const string least = "reallyreallyreallyreallyverysafe";
        foreach (var (secret, word) in new[] { ("", "0 bytes"), (least[1..], "31 bytes"), ("""{"kty":"oct","k":"AAAA"}""", "3 bytes"), ("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----", "PEM") })
        {
            var refused = Assert.Throws<SetupException>(() => StandaloneApi.Build(new StandaloneOptions { DbUri = database.Connection, JwtSecret = secret })).Message;
            Assert.Contains("PGRST_JWT_SECRET", refused, StringComparison.Ordinal);
            Assert.Contains(word, refused, StringComparison.Ordinal);
        }
        using var taken = new Auth.Jwt(least, base64: false, null, TimeProvider.System);
    }

    [Fact]
    public void Settings_that_cannot_be_used_are_named()
    {
        foreach (var (name, value) in new[] { ("DB_MAX_ROWS", "many"), ("DB_TX_END", "never"), ("DB_PLAN_ENABLED", "perhaps"), ("SERVER_PORT", "70000"), ("OPENAPI_MODE", "x"), ("JWT_SECRET", "@/no/such/file") })
            Assert.Contains("PGRST_" + name, Assert.Throws<SetupException>(() => StandaloneOptions.Read(new Dictionary<string, string> { ["PGRST_" + name] = value })).Message, StringComparison.Ordinal);
        Assert.Throws<SetupException>(() => StandaloneApi.Build(new StandaloneOptions { DbUri = "no=such;setting" }));
    }

    [Fact]
    public async Task The_description_is_of_what_the_caller_may_see()
    {
        var mine = JsonSerializer.Deserialize<JsonElement>((await Get("/")).Text).GetProperty("paths");
        Assert.True(mine.TryGetProperty("/sales", out var sales) && sales.TryGetProperty("get", out _) && !sales.TryGetProperty("post", out _));
        Assert.False(mine.TryGetProperty("/secrets", out _));
        var clerks = JsonSerializer.Deserialize<JsonElement>((await Get("/", Token(new { role = "alone_clerk" }))).Text).GetProperty("paths");
        Assert.True(clerks.TryGetProperty("/secrets", out var secrets) && secrets.TryGetProperty("post", out _));
    }
}
