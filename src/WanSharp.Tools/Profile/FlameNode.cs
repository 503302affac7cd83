namespace WanSharp.Tools.Profile;

/// <summary>Time by what called what: spans of one name within spans of one name are one.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Seconds">How long in all, its parts included.</param>
/// <param name="Count">How often.</param>
/// <param name="Children">What was done within it, the longest first.</param>
public sealed record FlameNode(string Name, double Seconds, int Count, IReadOnlyList<FlameNode> Children);
