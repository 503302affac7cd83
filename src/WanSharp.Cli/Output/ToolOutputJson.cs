using System.Text.Json.Serialization;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Output;

/// <summary>The reports of tools as JSON; how they are written is in <see cref="Terminal.JsonText"/>.</summary>
[JsonSerializable(typeof(ExpertsOutput))]
[JsonSerializable(typeof(LoraOutput))]
[JsonSerializable(typeof(EndToEndOutput))]
[JsonSerializable(typeof(ThroughputOutput))]
[JsonSerializable(typeof(QualityOutput))]
[JsonSerializable(typeof(IReadOnlyList<PlanCheckOutput>))]
[JsonSerializable(typeof(IReadOnlyList<DtypeOutput>))]
[JsonSerializable(typeof(IReadOnlyList<DecoderOutput>))]
[JsonSerializable(typeof(IReadOnlyList<ReusedClipOutput>))]
[JsonSerializable(typeof(IReadOnlyList<SectionDrift>))]
[JsonSerializable(typeof(IReadOnlyList<PresetWayOutput>))]
[JsonSerializable(typeof(ComparedClipsOutput))]
[JsonSerializable(typeof(EnhanceOutput))]
[JsonSerializable(typeof(StepCacheOutput))]
[JsonSerializable(typeof(QuantizeOutput))]
[JsonSerializable(typeof(OptimizeOutput))]
[JsonSerializable(typeof(DoctorOutput))]
[JsonSerializable(typeof(ProfileOutput))]
[JsonSerializable(typeof(FixtureOutput))]
[JsonSerializable(typeof(ComparedFixtureOutput))]
[JsonSerializable(typeof(ExportOutput))]
internal sealed partial class ToolOutputJson : JsonSerializerContext;
