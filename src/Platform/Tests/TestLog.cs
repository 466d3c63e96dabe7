using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Tests;

internal static partial class TestLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Storm {Number}")]
    public static partial void LogStorm(this ILogger logger, Exception exception, int number);

    [LoggerMessage(Level = LogLevel.Error, Message = "It happened again")]
    public static partial void LogAgain(this ILogger logger);
}
