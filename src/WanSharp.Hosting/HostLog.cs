using Microsoft.Extensions.Logging;
using WanSharp.Runtime;

namespace WanSharp.Hosting;

/// <summary>Every log message of this project.</summary>
internal static partial class HostLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Notice}")]
    public static partial void Notice(ILogger logger, string notice);

    [LoggerMessage(EventId = 2, Message = "ONNX Runtime, {Source}: {Text}")]
    public static partial void Runtime(ILogger logger, LogLevel level, string source, string text);

    /// <summary>The log level of a message of ONNX Runtime.</summary>
    public static LogLevel LevelOf(OrtLogLevel level) =>
        level switch
        {
            OrtLogLevel.Verbose => LogLevel.Trace,
            OrtLogLevel.Info => LogLevel.Debug,
            OrtLogLevel.Warning => LogLevel.Warning,
            OrtLogLevel.Error => LogLevel.Error,
            _ => LogLevel.Critical,
        };
}
