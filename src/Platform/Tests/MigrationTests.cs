using System.Reflection;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

[Trait("Runs", "processes")]
public sealed class MigrationTests(MigrationTests.Database database) : IClassFixture<MigrationTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Migrator Migrator(Databases? databases = null) => new(databases ?? database.Databases, Clientele.Server.Modules.All, NullLogger<Migrator>.Instance);

    private async Task Behind(string statement)
    {
        await using var connection = await database.OpenSuperuser();
        await connection.Run(statement);
    }

    [Fact]
    public async Task A_second_run_changes_nothing_and_nodes_starting_together_wait()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Migrator().Migrate(Ct)));
        Assert.All(applied, n => Assert.Equal(0, n));
    }

    [Fact]
    public async Task An_applied_file_that_was_edited_is_refused_with_the_way_out()
    {
        await Behind("update platform.schema_migrations set checksum = 'edited' where module = 'platform' and file = '020_log.sql'");
        var refusal = await Assert.ThrowsAsync<SetupException>(() => Migrator().Migrate(Ct));
        Assert.Contains("platform/schema/020_log.sql was edited", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("higher-numbered", refusal.Message, StringComparison.Ordinal);
        var file = SchemaFile.Of(Clientele.Server.Modules.All).Single(f => f is { Module: "platform", Name: "020_log.sql" });
        await Behind($"update platform.schema_migrations set checksum = '{file.Checksum}' where module = 'platform' and file = '020_log.sql'");
    }

    [Fact]
    public async Task A_database_of_a_newer_build_is_refused()
    {
        await Behind("insert into platform.schema_migrations (module, file, checksum, duration_ms) values ('platform', '999_future.sql', 'x', 0)");
        var refusal = await Assert.ThrowsAsync<SetupException>(() => Migrator().Migrate(Ct));
        Assert.Contains("newer build", refusal.Message, StringComparison.Ordinal);
        await Behind("delete from platform.schema_migrations where file = '999_future.sql'");
    }

    [Fact]
    public async Task Changed_functions_and_views_are_applied_again()
    {
        await Behind("update platform.schema_migrations set checksum = 'old' where module = 'platform' and file = 'code/log.sql'");
        Assert.Equal(1, await Migrator().Migrate(Ct));
    }

    private static async Task Run(string connection, string statements)
    {
        await using var opened = new NpgsqlConnection(connection);
        await opened.OpenAsync(Ct);
        await opened.Run(statements);
    }

    private sealed class Other(string name) : IModule
    {
        public string Name => name;
        public Assembly Assembly => typeof(Other).Assembly;
        public string SchemaFolder => name + "/schema/";
    }

    private Migrator With(IModule other) => new(database.Databases, [.. Clientele.Server.Modules.All, other], NullLogger<Migrator>.Instance);

    [Fact]
    public async Task A_module_without_schema_files_needs_none() => Assert.Equal(0, await With(new Other("empty")).Migrate(Ct));

    [Fact]
    public async Task A_file_that_fails_is_named_with_its_line_and_leaves_nothing()
    {
        var refusal = await Assert.ThrowsAsync<SetupException>(() => With(new Other("broken")).Migrate(Ct));
        Assert.StartsWith("broken/schema/010_broken.sql failed in line 3: function no_such_thing() does not exist", refusal.Message, StringComparison.Ordinal);
        Assert.False(await database.Service.One<bool>($"select exists (select from pg_namespace n where n.nspname = 'broken')", Ct));
    }

    [Fact]
    public async Task No_role_of_ours_is_a_superuser_or_bypasses_row_level_security()
    {
        var roles = await database.Service.List<string>($"""
            select r.rolname from pg_roles r
            where r.rolname in ('clientele_owner', 'clientele_app', 'clientele_service', 'clientele_search', 'clientele_readonly', 'clientele_test')
            and (r.rolsuper or r.rolbypassrls)
            """, Ct);
        Assert.Empty(roles);
        Assert.Equal("clientele_test", await database.Service.One<string>($"select session_user::text", Ct));
    }

    [Fact]
    public async Task A_login_that_may_not_prepare_the_database_is_told_what_its_administrator_runs()
    {
        // Names that have to be quoted, and a login that may make roles and yet not enough.
        var name = $"poor-{Guid.NewGuid():N}";
        await TestDatabase.Administrate($"create role \"{name}\" login createrole noinherit password 'x'");
        await TestDatabase.Administrate($"create database \"{name}\"");
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = name, Username = name, Password = "x", Pooling = false }.ConnectionString;
            var refusal = await Assert.ThrowsAsync<SetupException>(() => Provisioner.Provision(connection, Ct));
            Assert.DoesNotContain("create role", refusal.Message, StringComparison.Ordinal);
            Assert.Contains($"grant clientele_app to \"{name}\";", refusal.Message, StringComparison.Ordinal);
            // It changed nothing, and what it said is all that is missing.
            Assert.False(await database.Service.One<bool>($"select pg_has_role({name}::name, 'clientele_app', 'member')", Ct));
            await TestDatabase.Administrate($"alter role \"{name}\" nocreaterole");
            await Run(new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = name, Pooling = false }.ConnectionString, refusal.Message[(refusal.Message.IndexOf("run there: ", StringComparison.Ordinal) + 11)..]);
            await Provisioner.Provision(connection, Ct);
        }
        finally
        {
            await TestDatabase.Administrate($"drop database \"{name}\" with (force)");
            await TestDatabase.Administrate($"drop role \"{name}\"");
        }
    }

    [Fact]
    public async Task A_login_that_is_only_a_member_of_ready_made_roles_is_enough()
    {
        var name = $"plain_{Guid.NewGuid():N}";
        await TestDatabase.Administrate($"create role {name} login noinherit password 'x'");
        await TestDatabase.Administrate($"create database {name} owner {name}");
        try
        {
            await using (var administrator = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = name, Pooling = false }.ConnectionString))
            {
                await administrator.OpenAsync(Ct);
                await TestDatabase.Administrate(await Provisioner.Missing(administrator, name, Ct));
            }
            var connection = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = name, Username = name, Password = "x", Pooling = false }.ConnectionString;
            await Provisioner.Provision(connection, Ct);
            await using var databases = new Databases(connection);
            Assert.True(await Migrator(databases).Migrate(Ct) > 5);
        }
        finally
        {
            await TestDatabase.Administrate($"drop database {name} with (force)");
            await TestDatabase.Administrate($"drop role {name}");
        }
    }
}
