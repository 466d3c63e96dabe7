using Clientele.Analytics.Queries;
using Clientele.Timelines.Questions;

namespace Clientele.Analytics.Tests;

/// <summary>What is kept of answers stays within its bytes, and is good for one version of one store.</summary>
public sealed class AnswerCacheTests
{
    private static readonly Guid organization = Guid.NewGuid(), store = Guid.NewGuid();

    private static ResultView Answer(int points) => new(Lines: [new(0, "view", Measure.Events, [], 1, new decimal?[points])]);

    [Fact]
    public void The_oldest_go_when_there_is_no_more_room()
    {
        var cache = new AnswerCache { Most = 100_000 };
        for (var i = 0; i < 50; i++) cache.Keep((organization, $"q{i}"), store, 1, Answer(1000));
        Assert.InRange(cache.Bytes, 70_000, 100_000);
        Assert.Null(cache.Find((organization, "q0"), store, 1));
        Assert.NotNull(cache.Find((organization, "q49"), store, 1));
        Assert.Null(cache.Find((Guid.NewGuid(), "q49"), store, 1));
    }

    [Fact]
    public void An_answer_takes_the_place_of_the_one_before_and_a_very_large_one_is_not_kept()
    {
        var cache = new AnswerCache();
        cache.Keep((organization, "q"), store, 1, Answer(1000));
        var before = cache.Bytes;
        cache.Keep((organization, "q"), store, 2, Answer(1000));
        Assert.Equal(before, cache.Bytes);
        Assert.Null(cache.Find((organization, "q"), store, 1));
        Assert.Null(cache.Find((organization, "q"), Guid.NewGuid(), 2));
        Assert.NotNull(cache.Find((organization, "q"), store, 2));

        cache.Keep((organization, "q"), store, 3, Answer(100_000));
        Assert.Null(cache.Find((organization, "q"), store, 3));
        Assert.Equal(0, cache.Bytes);
    }
}
