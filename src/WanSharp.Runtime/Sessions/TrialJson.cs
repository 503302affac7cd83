using System.Text.Json.Serialization;

namespace WanSharp.Runtime;

/// <summary>The code that writes and reads trials.</summary>
[JsonSerializable(typeof(ProviderTrial))]
internal sealed partial class TrialJson : JsonSerializerContext;
