using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>When the database counts as away, and what a caller hears of it.</summary>
public sealed class AwayTests
{
    private static PostgresException Refused(string state) => new("as it said", "ERROR", "ERROR", state);

    private static async Task<(int Status, bool Wait)> Answer(Exception e)
    {
        var context = new DefaultHttpContext();
        await new ProblemHandler(NullLogger<ProblemHandler>.Instance).TryHandleAsync(context, e, TestContext.Current.CancellationToken);
        return (context.Response.StatusCode, context.Response.Headers.RetryAfter.Count > 0);
    }

    [Theory]
    [InlineData("57P01", true, 503)] // stops
    [InlineData("57P02", true, 503)] // another session crashed it
    [InlineData("57P03", true, 503)] // starts
    [InlineData("57P05", true, 503)] // ended an idle session
    [InlineData("53300", true, 503)] // no connection free
    [InlineData("08000", true, 503)]
    [InlineData("08001", true, 503)]
    [InlineData("08003", true, 503)]
    [InlineData("08006", true, 503)]
    [InlineData("08P01", false, 500)] // the protocol was broken: a fault of the driver
    [InlineData("53100", false, 503)] // it is there, and full
    [InlineData("53200", false, 503)]
    [InlineData("57014", false, 504)] // a statement took too long
    [InlineData("57P04", false, 500)] // the database was dropped
    [InlineData("40001", false, 409)]
    [InlineData("40P01", false, 409)]
    [InlineData("55P03", false, 409)] // a lock was not to be had
    [InlineData("55000", false, 500)]
    [InlineData("58030", false, 500)]
    [InlineData("23505", false, 409)]
    [InlineData("25006", false, 500)]
    [InlineData("42P01", false, 500)]
    [InlineData("P0001", false, 500)]
    public async Task Away_is_what_was_not_reached_and_not_what_was_refused(string state, bool away, int status)
    {
        Assert.Equal(away, Databases.IsAway(Refused(state)));
        Assert.Equal((status, status == 503), await Answer(Refused(state)));
    }

    [Fact]
    public async Task What_breaks_below_the_driver_is_away_and_what_breaks_in_it_is_not()
    {
        foreach (var below in (Exception[])[new EndOfStreamException(), new IOException(), new System.Net.Sockets.SocketException(), new TimeoutException()])
        {
            var e = new NpgsqlException("broken", below);
            Assert.True(Databases.IsAway(e), below.GetType().Name);
            Assert.Equal((503, true), await Answer(e));
            // By itself it may be of a file or another server.
            Assert.False(Databases.IsAway(below), below.GetType().Name);
        }
        Assert.False(Databases.IsAway(new NpgsqlException("The server wants a password.")));
        Assert.False(Databases.IsAway(new NpgsqlException("broken", new InvalidOperationException())));
        Assert.False(Databases.IsAway(new OperationCanceledException()));
    }

    [Theory]
    [InlineData("Host=/nowhere;Username=x")]
    [InlineData("Host=127.0.0.1;Port=1;Username=x")]
    public async Task A_server_that_is_not_there_is_away(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        Assert.True(Databases.IsAway(await Assert.ThrowsAnyAsync<NpgsqlException>(() => connection.OpenAsync(TestContext.Current.CancellationToken))));
    }
}
