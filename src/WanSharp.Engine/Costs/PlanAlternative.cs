namespace WanSharp.Engine.Costs;

/// <summary>A cheaper way to make a similar clip, and what it costs.</summary>
/// <param name="Options">What to change on the command line, such as <c>--size 832x480</c>.</param>
/// <param name="Seconds">The time that it is expected to take.</param>
/// <param name="PrivateBytes">The peak of the process's private memory, in bytes.</param>
public sealed record PlanAlternative(string Options, double Seconds, long PrivateBytes);
