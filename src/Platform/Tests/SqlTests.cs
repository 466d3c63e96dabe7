using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed class SqlTests(SqlTests.Database database) : IClassFixture<SqlTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private enum Colour { DarkRed }

    private sealed record Everything(
        Guid Id, string Text, string? Nothing, int Number, long Long, decimal Money, bool Flag, DateOnly Day, DateTimeOffset Time, string[] Words,
        Guid[] Ids, JsonElement Json, Colour Colour, byte[] Bytes, decimal? NoMoney, Guid? NoId, DateTimeOffset? NoTime);

    [Fact]
    public async Task Every_type_goes_in_as_a_parameter_and_comes_back()
    {
        var (id, day, time) = (Guid.CreateVersion7(), new DateOnly(2024, 2, 29), new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.FromHours(2)));
        var (text, number, money) = ("O'Brien; drop table x; --", 7, 12.34m);
        string? nothing = null;
        decimal? noMoney = null;
        Guid? noId = null;
        DateTimeOffset? noTime = null;
        var row = await database.Db.One<Everything>($$"""
            select {{id}} as id, {{text}} as text, {{nothing}} as nothing, {{number}} as number, {{9_000_000_000}} as long, {{money}} as money, {{true}} as flag,
                   {{day}} as day, {{time}} as time, {{new[] { "a", "b" }}} as words, {{new[] { id }}} as ids, {{new Json("""{"a":1}""")}} as json,
                   {{Colour.DarkRed}} as colour, {{new byte[] { 1, 2 }}} as bytes, {{noMoney}} as no_money, {{noId}} as no_id, {{noTime}} as no_time, 1 as extra
            """, Ct);
        Assert.Equal((id, text, null, number, 9_000_000_000L, money, true, day), (row.Id, row.Text, row.Nothing, row.Number, row.Long, row.Money, row.Flag, row.Day));
        Assert.Equal(time, row.Time);
        Assert.Equal(["a", "b"], row.Words);
        Assert.Equal([id], row.Ids);
        Assert.Equal(1, row.Json.GetProperty("a").GetInt32());
        Assert.Equal(Colour.DarkRed, row.Colour);
        Assert.Equal([1, 2], row.Bytes);
        Assert.Equal((null, null, null), (row.NoMoney, row.NoId, row.NoTime));
    }

    [Fact]
    public void Values_are_numbered_parameters_and_pieces_are_spliced()
    {
        var piece = (Sql)$"b = {2}";
        Assert.Equal("select a from t where a = $1 and b = $2 and b = $3", ((Sql)$"select a from t where a = {1} and {piece} and {piece}").ToString());
        Assert.Equal("\"a\"\"b\"", Sql.Identifier("a\"b").ToString());
        Assert.Equal("a = $1, b = $2", Sql.Join(", ", [(Sql)$"a = {1}", (Sql)$"b = {2}"]).ToString());
    }

    private sealed record Missing(int A, int B);

    private sealed record NotNull(int A);

    [Fact]
    public async Task A_record_that_does_not_fit_says_which_column()
    {
        var missing = await Assert.ThrowsAsync<InvalidOperationException>(() => database.Db.One<Missing>($"select 1 as a", Ct));
        Assert.Contains("\"b\"", missing.Message, StringComparison.Ordinal);
        var empty = await Assert.ThrowsAsync<InvalidOperationException>(() => database.Db.One<NotNull>($"select null::integer as a", Ct));
        Assert.Contains("\"a\"", empty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_end_with_their_statement_and_roles_stay()
    {
        // Many statements over few connections: a setting or a role left behind would show.
        var other = new Db(database.Databases.Application, Tenancy.Tenant.None);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(database.Alpha.OrganizationId, await database.Db.One<Guid?>($"select platform.organization()", Ct));
            Assert.Null(await other.One<Guid?>($"select platform.organization()", Ct));
            Assert.Equal("clientele_app", await other.One<string>($"select current_user::text", Ct));
            Assert.Equal("clientele_service", await database.Service.One<string>($"select current_user::text", Ct));
        }
    }

    [Fact]
    public async Task A_transaction_that_throws_leaves_nothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.Db.InTransaction(async t =>
        {
            await t.Run($"insert into platform.workspaces (organization_id, slug, name) values (platform.organization(), 'gone', 'Gone')", Ct);
            throw new InvalidOperationException();
        }, Ct));
        Assert.False(await database.Db.One<bool>($"select exists (select from platform.workspaces w where w.slug = 'gone')", Ct));
    }
}
