using System.Reflection;

namespace WanSharp.Cli.Terminal;

/// <summary>What went wrong in words: those of an exception that says it, else those of what it wraps.</summary>
internal static class CauseText
{
    private const string Pointer = "inner exception"; // "…, see inner exception."

    /// <summary>The exception that happened, out of those that only say that one did.</summary>
    public static Exception Unwrap(Exception exception) =>
        exception switch
        {
            AggregateException { InnerExceptions: [_, ..] inner } => Unwrap(
                inner.FirstOrDefault(one => one is not OperationCanceledException) ?? inner[0]
            ),
            TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
            TypeInitializationException { InnerException: { } inner } => Unwrap(inner),
            OperationCanceledException { InnerException: TimeoutException inner } => inner,
            _ => exception,
        };

    /// <summary>The exception's message, and those of what it wraps where it leaves the cause to them.</summary>
    public static string Describe(Exception exception)
    {
        var unwrapped = Unwrap(exception);
        if (unwrapped is OutOfMemoryException)
        {
            return "There is not enough memory. Close other programs, make a smaller or shorter clip, or set a limit with --memory.";
        }

        if (
            unwrapped is FileNotFoundException { FileName: { Length: > 0 } file }
            && unwrapped.Message.StartsWith("Could not find", StringComparison.Ordinal)
        )
        {
            return $"There is no file {file}: check the path.";
        }

        var says = Sentence(unwrapped.Message);
        for (var inner = unwrapped.InnerException; inner is not null; inner = inner.InnerException)
        {
            // Our own messages hold the cause, unless it was one that points further.
            if (
                (IsOurs(unwrapped) && !unwrapped.Message.Contains(Pointer, StringComparison.OrdinalIgnoreCase))
                || says.Contains(Sentence(inner.Message), StringComparison.Ordinal)
            )
            {
                continue;
            }

            says = $"{says}: {Sentence(Unwrap(inner).Message)}";
        }

        return unwrapped.Message.StartsWith(says, StringComparison.Ordinal) ? unwrapped.Message : says + ".";
    }

    private static bool IsOurs(Exception exception) =>
        exception.GetType().Namespace?.StartsWith(nameof(WanSharp), StringComparison.Ordinal) == true;

    /// <summary>A message without the full stop and without what points to another one.</summary>
    private static string Sentence(string message)
    {
        var kept = message.Trim();
        foreach (var end in new[] { ", see inner exception.", " See inner exception.", " See the inner exception for details." })
        {
            kept = kept.EndsWith(end, StringComparison.OrdinalIgnoreCase) ? kept[..^end.Length] : kept;
        }

        return kept.TrimEnd('.', ' ');
    }
}
