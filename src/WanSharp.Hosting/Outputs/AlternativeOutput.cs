namespace WanSharp.Hosting.Outputs;

/// <summary>A cheaper way to make a clip.</summary>
/// <param name="Options">The options to give.</param>
/// <param name="Seconds">The predicted time.</param>
/// <param name="PrivateBytes">The most private memory.</param>
public sealed record AlternativeOutput(string Options, double Seconds, long PrivateBytes);
