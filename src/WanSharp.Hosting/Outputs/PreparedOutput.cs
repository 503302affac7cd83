using System.Text.Json.Serialization;

namespace WanSharp.Hosting.Outputs;

/// <summary>What of a transformer is prepared.</summary>
/// <param name="EightBit">Its blocks in 8-bit integers.</param>
public sealed record PreparedOutput([property: JsonPropertyName("int8")] PreparedBlocksOutput EightBit);
