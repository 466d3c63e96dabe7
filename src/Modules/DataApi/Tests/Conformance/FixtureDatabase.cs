using System.Diagnostics;
using Clientele.Testing;
using Npgsql;

namespace Clientele.DataApi.Tests.Conformance;

/// <summary>The database of PostgREST's own suite, loaded once per server and cloned for each run.</summary>
public sealed class FixtureDatabase : IAsyncLifetime
{
    private const string Login = "postgrest_test_authenticator";
    private string name = string.Empty;

    /// <summary>Where the suite lies, or null.</summary>
    public string? Folder { get; } = SharedData.Find("vectors/postgrest");

    public string ConnectionString { get; private set; } = string.Empty;

    public async ValueTask InitializeAsync()
    {
        if (Folder is null) return;
        var fixtures = Path.Combine(Folder, "fixtures", "test", "spec", "fixtures");
        var server = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Pooling = false, Database = "postgres" };
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await connection.Run("select pg_advisory_lock(58230116)");
        const string Template = "postgrest_fixtures_2";
        if (!await Exists(connection, Template))
        {
            await connection.Run($"do $$ begin create role {Login} login noinherit password 'x'; exception when duplicate_object then null; end $$");
            await connection.Run($"drop database if exists {Template}_unfinished with (force)");
            await connection.Run($"create database {Template}_unfinished template template0 encoding 'UTF8' locale 'C'");
            foreach (var file in (string[])["database.sql", "roles.sql", "schema.sql", "jwt.sql", "jsonschema.sql", "privileges.sql", "data.sql"])
                await Psql(server, Template + "_unfinished", Path.Combine(fixtures, file));
            await connection.Run($"alter database {Template}_unfinished rename to {Template}");
        }
        name = $"postgrest_{Guid.NewGuid():N}";
        await connection.Run($"create database \"{name}\" template {Template} strategy file_copy");
        await connection.Run($"alter database \"{name}\" set search_path to public, test; alter database \"{name}\" set timezone to 'utc'; alter database \"{name}\" set request.jwt.claim.id = '-1'");
        await connection.Run("select pg_advisory_unlock(58230116)");
        ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name, Username = Login, Password = "x", Pooling = true }.ConnectionString;
        await using var inside = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ConnectionString);
        await inside.OpenAsync();
        await inside.Run("analyze");
    }

    private static async Task<bool> Exists(NpgsqlConnection connection, string database)
    {
        await using var look = new NpgsqlCommand("select exists (select from pg_database where datname = $1)", connection) { Parameters = { new() { Value = database } } };
        return (bool)(await look.ExecuteScalarAsync())!;
    }

    // Objects of PostGIS fail without the extension; the rest is loaded.
    private static async Task Psql(NpgsqlConnectionStringBuilder server, string database, string file)
    {
        var start = new ProcessStartInfo("psql") { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["PGHOST"] = server.Host, ["PGUSER"] = server.Username, ["PGPASSWORD"] = server.Password } };
        if (server.Port > 0) start.Environment["PGPORT"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var argument in (string[])["-X", "-q", "-d", database, "-v", $"PGUSER={Login}", "-f", file]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (name.Length > 0) await TestDatabase.Administrate($"drop database if exists \"{name}\" with (force)");
    }
}
