using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Jobs;

/// <summary>What is done for a kind of scheduled job, for one organization at a time. Registered by a module.</summary>
/// <param name="Type">A row of <c>platform.job_types</c>, e.g. <c>segment_update</c>.</param>
/// <param name="Run">
/// Does it, acting for the organization. What it returns is kept with the run, as JSON. It is cancelled when the job's time is over,
/// when somebody wants it to stop, and when the run was given to another node: pass the token on to every statement.
/// </param>
public sealed record JobHandler(string Type, Func<JobRun, CancellationToken, Task<object>> Run)
{
    /// <summary>A job that tells nothing while it runs.</summary>
    public JobHandler(string type, Func<Db, JsonElement, CancellationToken, Task<object>> run) : this(type, (r, ct) => run(r.Db, r.Config, ct)) { }

    /// <summary>A job that is one statement, made from the job's configuration; the rows it changed are its result.</summary>
    public static JobHandler Of(string type, Func<JsonElement, Sql> statement) =>
        new(type, async (db, config, ct) => new { rows = await db.Run(statement(config), ct) });
}

/// <summary>A statement run every so often on the service role, over all organizations: what time alone brings about.</summary>
/// <param name="Name">Module and purpose, e.g. <c>growth.expire_referrals</c>.</param>
/// <param name="Every">How often; looked at once a minute.</param>
/// <param name="Statement">Safe to run on several nodes at once, and short: it takes a bounded number of rows.</param>
public sealed record Chore(string Name, TimeSpan Every, Sql Statement);
