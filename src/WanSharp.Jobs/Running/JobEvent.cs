using WanSharp.Engine;

namespace WanSharp.Jobs.Running;

/// <summary>Something happened to a job.</summary>
/// <param name="Kind">What.</param>
/// <param name="Job">The job as it is now.</param>
/// <param name="Progress">How far it has come, for <see cref="JobEventKind.Progressed"/>.</param>
public readonly record struct JobEvent(JobEventKind Kind, Job Job, GenerationProgress Progress = default);
