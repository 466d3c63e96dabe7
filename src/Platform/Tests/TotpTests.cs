using System.Text;
using Clientele.Platform.Permissions;
using Clientele.Platform.Problems;
using Clientele.Platform.Sessions;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>Codes of authenticator apps against the vectors of RFC 6238 and RFC 4648.</summary>
public sealed class TotpTests
{
    private static readonly byte[] secret = Encoding.ASCII.GetBytes("12345678901234567890");

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void A_code_is_that_of_the_standard(long seconds, string code) =>
        Assert.Equal(code, Totp.Code(secret, Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds)), digits: 8));

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void The_secret_is_written_in_base32(string text, string written) => Assert.Equal(written, Totp.Base32(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_code_holds_for_its_half_minute_and_those_beside_it_and_once()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var step = Totp.StepOf(now);
        foreach (var (away, right) in ((int, bool)[])[(-2, false), (-1, true), (0, true), (1, true), (2, false)])
            Assert.Equal(right ? step + away : null, Totp.Check(secret, Totp.Code(secret, step + away), null, now));
        Assert.Null(Totp.Check(secret, Totp.Code(secret, step), step, now));
        Assert.Null(Totp.Check(secret, Totp.Code(secret, step - 1), step, now));
        Assert.NotNull(Totp.Check(secret, Totp.Code(secret, step + 1), step, now));
        foreach (var wrong in (string?[])[null, "", "abc", "1234567", "١٢٣٤٥٦"]) Assert.Null(Totp.Check(secret, wrong, null, now));
    }

    [Fact]
    public async Task Whoever_comes_when_all_places_are_taken_is_told_to_come_back()
    {
        var ct = TestContext.Current.CancellationToken;
        using var turns = new Turns(atOnce: 2, mostInside: 5);
        var open = new TaskCompletionSource();
        var (working, most) = (0, 0);
        async Task<int> Work()
        {
            most = Math.Max(most, Interlocked.Increment(ref working));
            await open.Task;
            return Interlocked.Decrement(ref working);
        }
        var inside = Enumerable.Range(0, 5).Select(_ => turns.Take(Work, ct)).ToList();
        var refused = await Assert.ThrowsAsync<Problem>(() => turns.Take(Work, ct));
        Assert.Equal((503, "busy"), (refused.Status, refused.Code));
        Assert.NotNull(refused.RetryAfter);
        open.SetResult();
        await Task.WhenAll(inside);
        Assert.Equal(2, most);
        // Their places are free again, also that of one who failed.
        await Assert.ThrowsAsync<InvalidOperationException>(() => turns.Take<int>(() => throw new InvalidOperationException(), ct));
        for (var n = 0; n < 10; n++) await turns.Take(() => Task.FromResult(n), ct);
    }
}

/// <summary>The rule of permissions is told twice, in C# and in SQL, and must be one.</summary>
public sealed class GrantTests(GrantTests.Database database) : IClassFixture<GrantTests.Database>
{
    public sealed class Database : TestDatabase;

    private sealed record Asked(string Role, string Permission, string Resource, string Action, bool May);

    [Fact]
    public async Task CSharp_and_sql_answer_alike()
    {
        var ct = TestContext.Current.CancellationToken;
        string[] permissions = ["a", "b", "*", "platform_management"], resources = ["x", "y", "*"], actions = ["read", "update", "*"];
        // One role a row, so that each row is seen alone; and one with all of every third.
        var rows = (from p in permissions from r in resources from a in actions select $"{p}:{r}:{a}").ToList();
        var roles = rows.Select((row, n) => (Role: $"r{n}", Rows: (string[])[row])).Append((Role: "many", Rows: [.. rows.Where((_, n) => n % 3 == 0)])).Append((Role: "none", Rows: [])).ToList();
        foreach (var (role, granted) in roles)
        {
            await database.Db.Run($"insert into platform.organization_roles (organization_id, role, rank, access, name, description) values ({database.Alpha.OrganizationId}, {role}, 5, 'member', {role}, '')", ct);
            foreach (var row in granted)
                await database.Db.Run($"insert into platform.role_permissions (organization_id, role, permission, resource, action) values ({database.Alpha.OrganizationId}, {role}, {row.Split(':')[0]}, {row.Split(':')[1]}, {row.Split(':')[2]})", ct);
        }
        var asked = await database.Db.List<Asked>($"""
            select r.role, p.permission, s.resource, a.action, platform.may(r.role, p.permission, s.resource, a.action) as may
            from unnest({roles.Select(r => r.Role).Append("super_admin").ToArray()}) as r(role),
                 unnest(array['a', 'b', 'c', 'platform_management']) as p(permission), unnest(array['x', 'z']) as s(resource), unnest(array['read', 'update', 'delete']) as a(action)
            """, ct);
        Assert.True(asked.Count(a => a.May) > 50 && asked.Count(a => !a.May) > 50);
        var known = roles.ToDictionary(r => r.Role, r => r.Rows);
        Assert.All(asked, a => Assert.Equal(a.May, Grants.Allow(a.Role, known.GetValueOrDefault(a.Role, []), new Can(a.Permission, a.Resource, a.Action, string.Empty))));
    }
}
