using Clientele.Platform.Files;
using Clientele.Platform.Health.Errors;

namespace Clientele.Platform.Health.Checks;

/// <summary>Does the store of files answer? It is asked for one that is not there.</summary>
internal static class FileCheck
{
    public static HealthCheck Store(IFileStore store) => new("platform", "files", TimeSpan.FromSeconds(10), async ct =>
    {
        try
        {
            await using var none = await store.Open("health/none", ct);
            return Finding.Well();
        }
        catch (FileStoreException e) { return Away(e); }
    });

    public static Finding Away(FileStoreException e)
    {
        var reason = ErrorText.MessageOf(e);
        return Finding.Unhealthy("files_away", $"The store of files does not answer: {reason} Files can be neither added nor opened until it does.", new { reason });
    }
}
