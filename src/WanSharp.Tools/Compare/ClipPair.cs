namespace WanSharp.Tools.Compare;

/// <summary>Two clips that belong together.</summary>
/// <param name="Name">What they are called: the prompt and seed, or the file's name.</param>
/// <param name="Actual">The file that is judged.</param>
/// <param name="Expected">The file that it should equal.</param>
public sealed record ClipPair(string Name, string Actual, string Expected);
