using System.Text.Json.Serialization;

namespace WanSharp.Hosting.Outputs;

/// <summary>The code that writes the records of this folder; <see cref="OutputRecords"/> says how.</summary>
[JsonSerializable(typeof(GenerateOutput))]
[JsonSerializable(typeof(PlanOutput))]
[JsonSerializable(typeof(DevicePlanOutput))]
[JsonSerializable(typeof(CheckpointOutput))]
[JsonSerializable(typeof(IReadOnlyList<CheckpointOutput>))]
[JsonSerializable(typeof(IReadOnlyList<PullOutput>))]
[JsonSerializable(typeof(IReadOnlyList<VerifiedFileOutput>))]
[JsonSerializable(typeof(PulledOutput))]
[JsonSerializable(typeof(IReadOnlyList<PresetOutput>))]
[JsonSerializable(typeof(ProvidersOutput))]
[JsonSerializable(typeof(RecipeOutput))]
[JsonSerializable(typeof(CacheOutput))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, PrunedOutput>))]
[JsonSerializable(typeof(JobOutput))]
[JsonSerializable(typeof(BatchOutput))]
[JsonSerializable(typeof(DryRunOutput))]
[JsonSerializable(typeof(FilmOutput))]
[JsonSerializable(typeof(FilmDryRunOutput))]
[JsonSerializable(typeof(RestOutput))]
[JsonSerializable(typeof(MemoryOutput))]
internal sealed partial class OutputJson : JsonSerializerContext;
