namespace WanSharp.Tools.Doctor;

/// <summary>What was found.</summary>
/// <param name="Topic">What it is about: processor, memory, disk, library, ffmpeg, clock, text, cache, model, speed, quality.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Says">What it is, with what was measured.</param>
/// <param name="Command">What to do about it: a command, where one does it; null where there is nothing to do.</param>
public sealed record Finding(string Topic, Severity Severity, string Says, string? Command = null)
{
    /// <summary>As it should be.</summary>
    internal static Finding Good(string topic, string says) => new(topic, Severity.Good, says);

    /// <summary>What could be better.</summary>
    internal static Finding Advice(string topic, string says, string command) => new(topic, Severity.Advice, says, command);

    /// <summary>What cannot work.</summary>
    internal static Finding Problem(string topic, string says, string command) => new(topic, Severity.Problem, says, command);
}
