using Clientele.Platform.Health;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Log;
using Clientele.Platform.PrivatePostgres;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Platform.Tests;

/// <summary>What of an error is kept, and when two are the same.</summary>
public sealed class ErrorTextTests
{
    [Theory]
    [InlineData("Order 4711 of ann@example.com failed", "Order … of … failed")]
    [InlineData("duplicate key value violates unique constraint \"people_email\"", "duplicate … violates unique constraint …")]
    [InlineData("GET https://user:pw@host/path?token=abc answered 500", "GET … answered …")]
    [InlineData("Key (email)=(ann@example.com) already exists.", "… already exists.")]
    [InlineData("password=hunter2 is wrong", "… is wrong")]
    [InlineData("sk_live_9aX72bQpLmNoPqRs is no key", "… is no key")]
    [InlineData("row 018f3c1e-7a7b-7000-8000-0123456789ab is gone", "row … is gone")]
    // Quotes in quotes, and one that is never closed.
    [InlineData("invalid input: \"{\"name\":\"Ann Miller\",\"city\":\"Rome\"}\" was refused", "invalid input: … was refused")]
    [InlineData("no such row: \"Ann Miller of", "no such row: …")]
    [InlineData("no such row: 'Ann Miller of", "no such row: …")]
    [InlineData("Ann's row doesn't exist", "Ann…t exist")]
    [InlineData("refused Authorization: Bearer abcdefghij for all", "refused … for all")]
    [InlineData("refused Authorization: Basic abcdefghij== for all", "refused … for all")]
    [InlineData("refused access_token=abcdefghij for all", "refused … for all")]
    [InlineData("the word abcdefghijklmnopqrstuvwxyz is long", "the word … is long")]
    [InlineData("Key (name)=(Ann (the) Miller) already exists.", "… already exists.")]
    [InlineData("Object reference not set to an instance of an object.", "Object reference not set to an instance of an object.")]
    public void A_message_loses_what_may_be_somebodys(string message, string kept) => Assert.Equal(kept, ErrorText.Scrub(message));

    [Fact]
    public void A_value_that_is_longer_than_a_message_goes_whole()
    {
        var value = string.Concat(Enumerable.Repeat("Ann Miller ", 1000));
        Assert.Equal("invalid input syntax: … was refused", ErrorText.Scrub($"invalid input syntax: \"{value}\" was refused"));
        Assert.Equal("invalid input syntax: …", ErrorText.Scrub($"invalid input syntax: '{value}' was refused"));
        // What was made to take long does not.
        foreach (var part in new[] { "a.", "-", "?", "(", "a@", "key", "'" }) Assert.InRange(ErrorText.Scrub(string.Concat(Enumerable.Repeat(part, 20000))).Length, 1, 500);
    }

    // Whatever stands between quotes, as an address or as a number, is not found again.
    [Fact]
    public void No_address_number_or_quoted_word_survives() => Prop.ForAll(
        ArbMap.Default.ArbFor<Tuple<PositiveInt, NonEmptyString, NonEmptyString>>(), made =>
        {
            var number = 1000 + made.Item1.Get;
            var quoted = new string([.. made.Item2.Get.Where(char.IsLetter), 'x', 'q', 'z']);
            var before = new string([.. made.Item3.Get.Where(c => c is >= 'a' and <= 'z')]);
            var scrubbed = ErrorText.Scrub($"{before} \"{quoted}\" saw {quoted}@example.org, {number} times and '{quoted}'");
            return !scrubbed.Contains(quoted, StringComparison.Ordinal) && !scrubbed.Any(char.IsAsciiDigit) && !scrubbed.Contains('@', StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();

    private static Exception Thrown(Action act)
    {
        try { act(); }
        catch (Exception e) { return e; }
        throw new InvalidOperationException("It did not throw.");
    }

    private static void One(int number) => throw new InvalidOperationException($"Order {number} is nowhere.");

    private static void Other(int number) => throw new InvalidOperationException($"Order {number} is nowhere.");

    [Fact]
    public void The_same_error_twice_is_one_and_from_elsewhere_another()
    {
        static string Of(Exception e) => ErrorText.Fingerprint(e.GetType().FullName!, ErrorText.Place(e), ErrorText.MessageOf(e));
        Assert.Equal(Of(Thrown(() => One(1))), Of(Thrown(() => One(22))));
        Assert.NotEqual(Of(Thrown(() => One(1))), Of(Thrown(() => Other(1))));
        Assert.NotEqual(Of(Thrown(() => One(1))), Of(Thrown(() => throw new ArgumentException("Order 1 is nowhere."))));
        Assert.StartsWith("Clientele.Platform.Tests.ErrorTextTests.One", ErrorText.Place(Thrown(() => One(1))), StringComparison.Ordinal);
        Assert.Equal("platform", ErrorText.Source(ErrorText.Place(Thrown(() => One(1)))!));
    }

    [Fact]
    public void A_stack_has_methods_and_lines_but_no_folder_and_nothing_anybody_sent()
    {
        var stack = ErrorText.Stack(Thrown(() =>
        {
            try { One(4711); }
            catch (InvalidOperationException e) { throw new ArgumentException("Said \"secret word\".", e); }
        }));
        Assert.Contains("ErrorTextTests.One", stack, StringComparison.Ordinal);
        Assert.Contains("behind it: System.InvalidOperationException: Order … is nowhere.", stack, StringComparison.Ordinal);
        Assert.DoesNotContain("secret word", stack, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", stack, StringComparison.Ordinal);
        Assert.DoesNotContain("/src/", stack, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 500, HealthStatus.Healthy)]
    [InlineData(40, 500, HealthStatus.Degraded)] // less than a tenth
    [InlineData(1, 5, HealthStatus.Degraded)]
    [InlineData(0, 5, HealthStatus.Unhealthy)]
    public void A_disk_that_fills_is_told_in_time(long freeGigabytes, long gigabytes, HealthStatus status)
    {
        const long Gigabyte = 1024L * 1024 * 1024;
        Assert.Equal(status, DiskCheck.Find(freeGigabytes * Gigabyte, gigabytes * Gigabyte).Status);
    }

    [Fact]
    public void A_database_that_died_and_came_back_is_told_for_a_day()
    {
        var last = new DateTimeOffset(2026, 3, 1, 4, 5, 6, TimeSpan.Zero);
        Assert.Equal(HealthStatus.Healthy, PostgresCheck.Find(null, last).Status);
        var died = PostgresCheck.Find(new PrivatePostgresDeaths(3, last), last.AddHours(24));
        Assert.Equal(HealthStatus.Degraded, died.Status);
        Assert.Contains("last at 2026-03-01 04:05:06 UTC (since this server started: 3)", died.Detail, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, PostgresCheck.Find(new PrivatePostgresDeaths(3, last), last.AddHours(24).AddSeconds(1)).Status);
    }

    [Fact]
    public void The_log_is_degraded_when_something_holds_it_or_a_consumer_stays_behind()
    {
        Assert.Equal(HealthStatus.Healthy, LogChecks.Find(9.9, null).Status);
        var held = LogChecks.Find(10, new LogBlocker(4711, "psql", "idle in transaction", DateTimeOffset.UnixEpoch, "x"));
        Assert.Equal(HealthStatus.Degraded, held.Status);
        Assert.Contains("pg_terminate_backend(4711)", held.Detail, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, LogChecks.Find(new ConsumerStatus("a", 5, 59, 1, null)).Status);
        Assert.Equal(HealthStatus.Degraded, LogChecks.Find(new ConsumerStatus("a", 5, 60, 1, null)).Status);
        Assert.Equal("broke", LogChecks.Find(new ConsumerStatus("a", 0, 0, 1, "broke")).Detail);
    }
}
