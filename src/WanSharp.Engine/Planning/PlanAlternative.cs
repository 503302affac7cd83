namespace WanSharp.Engine.Planning;

/// <summary>Another way to make a clip like the one that is planned, and what it costs.</summary>
/// <param name="Options">What to change on the command line, such as <c>--size 832x480</c>.</param>
/// <param name="Seconds">The time that it is expected to take.</param>
/// <param name="PrivateBytes">The most bytes of its own that the process needs.</param>
public sealed record PlanAlternative(string Options, double Seconds, long PrivateBytes);
