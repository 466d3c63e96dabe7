using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Jobs;

/// <summary>What is done for a kind of scheduled job, for one organization at a time. Registered by a module.</summary>
/// <param name="Type">A row of <c>platform.job_types</c>, e.g. <c>segment_update</c>.</param>
/// <param name="Run">Does it, acting for the organization; gets the job's configuration. What it returns is kept with the run, as JSON.</param>
public sealed record JobHandler(string Type, Func<Db, JsonElement, CancellationToken, Task<object>> Run);

/// <summary>A statement run every so often on the service role, over all organizations: what time alone brings about.</summary>
/// <param name="Name">Module and purpose, e.g. <c>growth.expire_referrals</c>.</param>
/// <param name="Every">How often; looked at once a minute.</param>
/// <param name="Statement">Safe to run on several nodes at once, and short: it takes a bounded number of rows.</param>
public sealed record Chore(string Name, TimeSpan Every, Sql Statement);
