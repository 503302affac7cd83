namespace WanSharp.Cli.Output;

/// <summary>An output of an exported graph, compared with our own run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Result"><c>pass</c> or <c>fail</c>.</param>
/// <param name="MaxError">The largest error; null where shapes differ or a value is not a number.</param>
/// <param name="Limit">The limit.</param>
internal sealed record ComparisonOutput(string Name, string Result, double? MaxError, double? Limit);
