using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Platform.Migrations;
using Clientele.Platform.Organizations;
using Clientele.Platform.Tenancy;
using Clientele.Server;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Clientele.Testing;

/// <summary>
/// A database of its own for a test class, with the whole schema: a clone of a template that is migrated once per
/// schema. The login is an ordinary one, no superuser. Holds two organizations, so that every test has somebody
/// else's data around it.
/// </summary>
public class TestDatabase : IAsyncLifetime
{
    private const string Login = "clientele_test";
    private const string Password = "clientele_test";

    public Databases Databases { get; private set; } = null!;

    public string ConnectionString { get; private set; } = null!;

    /// <summary>The organization under test.</summary>
    public Tenant Alpha { get; private set; } = null!;

    /// <summary>The other one, whose data must never be seen.</summary>
    public Tenant Beta { get; private set; } = null!;

    /// <summary>The platform acting for <see cref="Alpha"/>.</summary>
    public Db Db => For(Alpha);

    /// <summary>Over all organizations.</summary>
    public Db Service => new(Databases.Service, Tenant.None);

    public Db For(Tenant tenant) => new(Databases.Application, tenant);

    public virtual async ValueTask InitializeAsync()
    {
        ConnectionString = await Clone();
        Databases = new Databases(ConnectionString);
        await Service.One<short>($"select log.verify_epoch()", Ct);
        (Alpha, Beta) = (await Found("alpha"), await Found("beta"));
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Databases.DisposeAsync();
        await Administrate($"drop database if exists \"{new NpgsqlConnectionStringBuilder(ConnectionString).Database}\" with (force)");
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Lets a consumer take in all there is. The watermark is the whole cluster's: while another test's transaction
    /// writes, nothing above it can be read, so this waits.
    /// </summary>
    public async Task CatchUp(ILogConsumer consumer)
    {
        var runner = new ConsumerRunner(Databases, NullLogger<ConsumerRunner>.Instance);
        for (var patience = 0; patience < 600; patience++)
        {
            await runner.CatchUp(consumer, Ct);
            if (!await Service.One<bool>($"""
                select exists (select from log.events e, log.consumers c where c.name = {consumer.Name} and (e.epoch, e.writer, e.position) > (c.epoch, c.writer, c.position))
                """, Ct)) return;
            await Task.Delay(100, Ct);
        }
        throw new TimeoutException($"{consumer.Name} did not catch up: some transaction of the cluster has been writing for a minute.");
    }

    /// <summary>Runs statements, each for itself, as the superuser on the maintenance database.</summary>
    public static async Task Administrate(params string[] statements)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Pooling = false, Database = "postgres" }.ConnectionString);
        await connection.OpenAsync(Ct);
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(Ct);
        }
    }

    /// <summary>A connection as the superuser on this database, for looking behind the scenes.</summary>
    public async Task<NpgsqlConnection> OpenSuperuser()
    {
        var database = new NpgsqlConnectionStringBuilder(ConnectionString).Database;
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Pooling = false, Database = database }.ConnectionString);
        await connection.OpenAsync(Ct);
        return connection;
    }

    private Task<Tenant> Found(string slug) => Service.InTransaction(async t =>
    {
        var user = await t.One<Guid>($"""
            insert into platform.platform_users (email, name, email_verified) values ({$"owner@{slug}.example"}, {slug}, true) returning id
            """, Ct);
        return await Founding.Organization(t, slug, slug, false, user, Ct);
    }, Ct);

    private static async Task<string> Clone()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await Administrate(
            $"create database \"{name}\" template \"{await template.Value}\" strategy file_copy owner {Login}",
            // What is granted on a database is not cloned with it.
            $"grant create, temporary on database \"{name}\" to {Platform.Data.Databases.Owner}");
        return new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = name, Username = Login, Password = Password }.ConnectionString;
    }

    private static readonly Lazy<Task<string>> template = new(Template);

    private static async Task<string> Template()
    {
        var name = $"template_{SchemaFile.Fingerprint(SchemaFile.Of(Modules.All))}_few_months";
        var superuser = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Pooling = false, Database = "postgres" }.ConnectionString;
        await using var connection = new NpgsqlConnection(superuser);
        await connection.OpenAsync(Ct);
        // Several test processes start at once; one of them makes the template.
        await using (var wait = new NpgsqlCommand("select pg_advisory_lock(58230115)", connection)) await wait.ExecuteNonQueryAsync(Ct);
        await using (var look = new NpgsqlCommand($"select exists (select from pg_database where datname = '{name}')", connection))
            if ((bool)(await look.ExecuteScalarAsync(Ct))!) return name;
        var unfinished = name + "_unfinished";
        await Administrate($"drop database if exists \"{unfinished}\"");
        var login = await Provisioner.CreateLogin(superuser, unfinished, Login, Password, Ct);
        await Provisioner.Provision(login, Ct);
        await using (var databases = new Databases(login))
        {
            await new Migrator(databases, Modules.All, NullLogger<Migrator>.Instance).Migrate(Ct);
            await using var owner = await databases.OpenOwner(Ct);
            await owner.Run(fewerMonths);
        }
        await Provisioner.WatchCatalogue(new NpgsqlConnectionStringBuilder(superuser) { Database = unfinished }.ConnectionString, Ct);
        NpgsqlConnection.ClearAllPools();
        await Administrate($"alter database \"{unfinished}\" rename to \"{name}\"");
        return name;
    }

    // The planner looks at every month of the log, in every statement about it. Of the eighteen of a new installation seven do for a test; what is older lies in the history, as ever.
    private const string fewerMonths = """
        do $$
        declare
            month regclass;
        begin
            for month in select i.inhrelid from pg_inherits i join platform.partitioned_tables t on i.inhparent = t.relation::regclass loop
                execute format('drop table %s', month);
            end loop;
            update platform.partitioned_tables set past = least(past, 2);
            perform platform.make_partitions(t.relation::regclass) from platform.partitioned_tables t;
        end
        $$
        """;

    private static CancellationToken Ct => CancellationToken.None;
}
