using Clientele.Platform.Health;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Jobs;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

/// <summary>The tests that look at one installation's health, one after the other.</summary>
[CollectionDefinition]
public sealed class HealthCollection : ICollectionFixture<HealthApp>;

/// <summary>A server whose checks look when they are told to, with operators and others.</summary>
public sealed class HealthApp : TestApp
{
    /// <summary>What the check of the tests' own finds.</summary>
    public Func<CancellationToken, Task<Finding>> Finds { get; set; } = _ => Task.FromResult(Finding.Well());

    /// <summary>A super administrator of alpha, which was first: an operator.</summary>
    public HttpClient Operator { get; private set; } = null!;

    /// <summary>A super administrator of beta, which came later.</summary>
    public HttpClient Later { get; private set; } = null!;

    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddSingleton<ILoggerProvider>(s => s.GetRequiredService<ErrorInbox>());
        // It looks when it is told to.
        services.AddSingleton(s => new HealthRecorder(Databases, s.GetRequiredService<CheckList>(), s.GetRequiredService<Node>(), s.GetRequiredService<ErrorInbox>(), new Still(), NullLogger<HealthRecorder>.Instance));
        services.AddSingleton(new HealthCheck("tests", "own", TimeSpan.FromMilliseconds(100), ct => Finds(ct)));
        services.AddSingleton(new JobHandler("data_sync", (_, _) => throw new InvalidOperationException("The job of order 4711 broke.")));
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await AddPerson("root@alpha.example", Alpha.OrganizationId!.Value, "super_admin");
        await AddPerson("root@beta.example", Beta.OrganizationId!.Value, "super_admin");
        Operator = await SignIn("root@alpha.example", "alpha");
        Later = await SignIn("root@beta.example", "beta");
    }

    public override async ValueTask DisposeAsync()
    {
        Operator.Dispose();
        Later.Dispose();
        await base.DisposeAsync();
    }

    internal HealthRecorder Recorder(TimeProvider? clock = null) => new(Databases, Services.GetRequiredService<CheckList>(), new Node(), Services.GetRequiredService<ErrorInbox>(), clock ?? TimeProvider.System, NullLogger<HealthRecorder>.Instance);

    public Task Flush() => Services.GetRequiredService<ErrorWriter>().Flush(CancellationToken.None);

    public ILogger Logger(string category) => Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

    /// <summary>A clock by which nothing that waits goes on.</summary>
    private sealed class Still : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() { }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}

/// <summary>A clock that stands until it is set.</summary>
internal sealed class HealthClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
