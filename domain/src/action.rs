//! What a seat may want: one [`Action`] for each thing. Who may is `audience.rs`.

use strum::{EnumIter, IntoStaticStr};

/// One thing that a seat may want. A field, an argument, a root field and a use case each name the action they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
pub enum Action {
    /// Read who one is, and what limits apply.
    ReadSelf,
    /// Read the program's name, currency and calendar.
    ReadProgram,
    /// Read the program's internal settings: versions, counts of facts.
    ReadProgramInside,
    /// Read partners by name and kind.
    ReadPartners,
    /// Read what the vendor notes about a partner: external id, status, manager.
    ReadPartnersInside,
    /// Read a partner's people.
    ReadContacts,
    /// Read segments.
    ReadSegments,
    /// Read a segment's addressable accounts.
    ReadSegmentsInside,
    /// Read accounts.
    ReadAccounts,
    /// Read deals: name, outcome, dates.
    ReadDeals,
    /// Read a deal's money and attribution provenance.
    ReadDealMoney,
    /// Read a deal's working fields: stage, owner, next step.
    ReadDealWork,
    /// Read which partners a deal is attributed to.
    ReadAttribution,
    /// Read activities: touches, meetings, notes.
    ReadActivities,
    /// Read Trust-Gap in points, with the direct win rate.
    ReadTrustGap,
    /// Read the reading and evidence of a Trust-Gap.
    ReadTrustGapReading,
    /// Read the Partner Audit Matrix.
    ReadAuditMatrix,
    /// Read a partner's scorecard.
    ReadScorecard,
    /// Read a scorecard as of any date, and of any partner in the slice.
    ReadScorecardInside,
    /// Read the Deal Velocity Premium.
    ReadVelocity,
    /// Read Yield.
    ReadYield,
    /// Read who gets credit for a deal: the models' shares, which are shown whole or not at all, and quota credit.
    ReadCredit,
    /// Read the program's data version, which counts changes of all rows.
    ReadDataVersion,
    /// Read all people of a partner, not its reps alone.
    ReadAllContacts,
    /// Read program spend line by line.
    ReadSpend,
    /// Read program totals.
    ReadTotals,
    /// Read the open pipeline in totals.
    ReadPipeline,
    /// Read how a number was computed.
    ReadExplanation,
    /// Read the program's policy.
    ReadPolicy,
    /// Read exchange rates.
    ReadFxRates,
    /// Read seats and pods.
    ReadSeats,
    /// Read partner and machine tokens with their last use.
    ReadTokens,
    /// Read import runs and their rows.
    ReadImports,
    /// Read the record of changes.
    ReadChanges,
    /// Read the roll-ups of a portfolio.
    ReadPortfolio,
    // The ledger.
    /// Read the ledger's entries whole.
    ReadLedger,
    /// Read receipts of entries, checkpoints and the proofs between them; a partner those that name it.
    ReadReceipts,
    /// Change the program's settings and stages.
    ManageProgram,
    /// Create and change segments.
    ManageSegments,
    /// Create and change accounts.
    ManageAccounts,
    /// Create and change partners.
    ManagePartners,
    /// Create and change a partner's people.
    ManageContacts,
    /// Create and change pods and seats.
    ManageSeats,
    /// Mint and revoke partner and machine tokens.
    ManageTokens,
    /// Create deals and change their facts.
    ManageDeals,
    /// Move a deal through its stages and note its next step.
    AdvanceDeals,
    /// Declare who did what for a deal.
    DeclareAttribution,
    /// Log an activity.
    LogActivities,
    /// Record program spend.
    RecordSpend,
    /// Set an exchange rate.
    SetFxRates,
    // Policy.
    /// Draft and activate the program's policy.
    ManagePolicy,
    /// Import files.
    Import,
    // Disputes.
    /// Read contested claims and disputed attributions.
    ReadDisputes,
    /// Contest a claim or dispute an attribution.
    OpenDisputes,
    /// Decide a dispute.
    DecideDisputes,
    // Credit.
    /// Read the credit table.
    ReadCreditTable,
    /// Mark a deal as excluded for fraud or forbidden traffic.
    ExcludeDeals,
    /// Put an introduction on record.
    RecordIntroductions,
    // Phase 2, TAM (ruling 17: each band is its own action).
    /// Read a forecast at all: its quarters, partners and segments.
    ReadForecast,
    /// Read the CONSERVATIVE band of a forecast.
    ReadForecastConservative,
    /// Read the BASE band of a forecast.
    ReadForecastBase,
    /// Read the STRETCH band of a forecast.
    ReadForecastStretch,
    /// Read from which measured Yield a band took the one that it counts.
    ReadForecastYield,
    /// Read from which measured Trust-Gap a band took the one that it counts.
    ReadForecastTrustGap,
    /// Read how many accounts of a segment the vendor and a partner have in common: open deals are among what it counts.
    ReadOverlap,
    /// Read forecasts as they would be published now.
    ReadForecastDraft,
    /// Read planned spend line by line, and the penetration of segments.
    ReadSpendPlan,
    /// Plan spend.
    PlanSpend,
    /// Set by hand how far a partner reaches into a segment.
    SetPenetration,
    /// Publish a forecast.
    PublishForecast,
    // Recruit, Funnel, Foundation.
    /// Read iterations and their phases.
    ReadIterations,
    /// Open the iteration of a quarter.
    OpenIteration,
    /// Read how many hours the operator logged for each phase.
    ReadOperatorHours,
    /// Log them.
    LogOperatorHours,
    /// Read what was published: kind, revision, hash, when.
    ReadDeliverables,
    /// Read the whole content of what was published, every band of it.
    ReadDeliverableContent,
    /// Read a partner's investment tier and its history.
    ReadTiers,
    /// Read which tier the system recommends, with Yield and Trust-Gap as the facts that decided.
    ReadRecommendations,
    /// Decide a partner's investment tier.
    DecideTier,
    /// Read the Recruit Plan.
    ReadRecruitPlan,
    /// Write the sections of the Recruit Plan.
    WriteRecruitPlan,
    /// Publish the Recruit Plan.
    PublishRecruitPlan,
    // Clocks and jobs.
    /// Read the promises between the vendor and partners one by one, with their due times.
    ReadSlaClocks,
    /// Read how promises were kept, program-wide.
    ReadSlaRates,
    /// Run the scheduled jobs, and read their runs.
    RunJobs,
    // Deal registration.
    /// Read deal registrations.
    ReadRegistrations,
    /// Read what the vendor notes about a registration: its owner, its account, its place in the line.
    ReadRegistrationsInside,
    /// Read where a partner may register accounts.
    ReadTerritories,
    /// Read the rules that route registrations to owners.
    ReadRegistrationRules,
    /// Set the routing rules and the territories of partners.
    ManageRegistrationRules,
    /// Ask about an account, register it, attach a meeting's summary, take it back.
    SubmitRegistrations,
    /// Touch a registration, approve or refuse it, begin its validity anew.
    DecideRegistrations,
    /// Give a registration to somebody.
    AssignRegistrations,
    /// Read and decide conflicts of claims on one account.
    DecideConflicts,
    /// Read the Primary Sale gate of a deal.
    ReadGate,
    /// Log that the partner's own rep is committed to a deal.
    LogPrimarySale,
    /// Confirm, as the partner, that the rep is committed.
    ConfirmPrimarySale,
    /// Ask whether a joint activity may be done on a deal.
    RequestJointActivity,
    /// Read the Pod's requests to partners.
    ReadPodRequests,
    /// Ask a partner's rep for something.
    AskPartners,
    /// Answer a request of the Pod, as the partner.
    AnswerPod,
    /// Read the texts of messages.
    ReadTemplates,
    // Where deals came from, and ids in other systems.
    /// Read the ids of accounts, partners and deals in other systems.
    ReadExternalRefs,
    /// Give rows ids in other systems, and take them away.
    ManageExternalRefs,
    /// Read which partner motions go with closed-won.
    ReadMotions,
    // Leads.
    /// Read leads: what they are about, and where they are.
    ReadLeads,
    /// Read how leads are worked: source, account, owner, notes.
    ReadLeadsInside,
    /// Read which share of leads sales accepts.
    ReadSalAcceptance,
    /// Record leads: one's own as a partner, on behalf of partners, any.
    RecordLeads,
    /// Accept and refuse leads.
    DecideLeads,
    /// Give a lead to somebody.
    AssignLeads,
    /// Turn accepted leads into deals.
    ConvertLeads,
    /// Read who produces in which stage of the funnel, and how healthy each stage is.
    ReadFunnel,
    /// Read the Stage Deployment Plan: its sums are BASE within a percent.
    ReadDeployment,
    /// Write the commitments of the Stage Deployment Plan.
    WriteDeployment,
    /// Publish the Stage Deployment Plan.
    PublishDeployment,
    /// Read a partner's program level.
    ReadLevel,
    /// Read what a program level was computed from.
    ReadLevelFacts,
    /// Read of it what counts open deals and activities.
    ReadLevelActivity,
    /// Read what every program level gives.
    ReadLevelBenefits,
    /// Set what a program level gives.
    ManageLevelBenefits,
    /// Compute the program levels of a quarter.
    ComputeLevels,
    /// Read the steps of the Foundation: the definitions that everybody works by.
    ReadFoundation,
    /// Write the definition of a step.
    WriteFoundation,
    /// Agree to a definition.
    SignFoundation,
    /// Put a definition in force, or give the template back.
    ActivateFoundation,
    /// Read the CFO pack: the four financial metrics.
    ReadCfoPack,
    /// Read program spend beside Sourced ARR, with the signatures under it.
    ReadReconciliation,
    /// Sign the reconciliation of a closed quarter.
    SignReconciliation,
    /// Read the confidence check.
    ReadConfidence,
    /// Answer the confidence check.
    AnswerConfidence,
    /// Co-sign an answer of the confidence check.
    CosignConfidence,
    // Contracts.
    /// Read the contract terms with partners; a partner its own.
    ReadContracts,
    /// Read what the vendor notes about a contract.
    ReadContractNotes,
    /// Record a version of the contract terms with a partner: its numbers come before the policy's.
    ManageContracts,
    // The 90-day plan.
    /// Read the 90-day plan as it stands.
    ReadRollout,
    /// Start the 90-day plan, or move it.
    StartRollout,
    /// Tick what the system cannot see of the 90-day plan.
    TickRollout,
    // Handoffs.
    /// Read the rules by which events of deals fire handoffs.
    ReadHandoffRules,
    /// Set these rules.
    ManageHandoffRules,
    /// Read handoffs on deals; a partner those that it gives or receives itself.
    ReadHandoffs,
    /// Acknowledge a handoff as its receiver.
    AcknowledgeHandoffs,
    // Joint calls, sessions of the joint pod, escalations.
    /// Read joint calls with their summaries, and sessions of the joint pod; a partner its own.
    ReadJointCalls,
    /// Record sessions of the joint pod, and write the summaries of joint calls.
    RecordJointCalls,
    /// Read escalations on deals with their named contacts; a partner those that it raised or is asked.
    ReadEscalations,
    /// Put an escalation before named contacts, and say when it is resolved.
    OpenEscalations,
    /// Take up and answer an escalation, as the side that is asked.
    AnswerEscalations,
    /// Read the escalation paths: who is named for what.
    ReadEscalationPaths,
    /// Set the escalation paths.
    ManageEscalationPaths,
    // The system map.
    /// Read the system map: inputs, levers with their dated changes, loops.
    ReadSystemMap,
    /// Read what a lever's metric was before a change and after it, whichever metric.
    ReadLeverValues,
    /// Write the system map.
    WriteSystemMap,
    // Profile.
    /// Read the ideal customer profile and the ideal partner profile.
    ReadIdealProfiles,
    /// Set them.
    SetIdealProfiles,
    /// Read how well a subject fits a profile: its parts, what is unknown, what disqualifies.
    ReadFit,
    /// Read how well partners and candidates fit.
    ReadPartnerFit,
    /// Turn a candidate into a partner.
    RecruitCandidates,
    /// Read the capability map and the practices of partners.
    ReadCapabilities,
    /// Record, validate and take away entries of the capability map, and set practices.
    ManageCapabilities,
    /// Read which partners match a deal, and why.
    MatchPartners,
    /// Read an account's firmographics, its fit, and the account-level trust-gap score with its routing.
    ReadTrustGapScore,
    /// Read the trust-gap score of an account, which goes by its largest open deal, whosever.
    ReadAccountScore,
    /// Record an account's firmographics, and qualify deals.
    QualifyDeals,
    /// Try spend and tiers without writing them.
    TryPlans,
    /// Compare what partner money and direct money brought.
    CompareInvestment,
    // Advice and handover.
    /// Read what the program is advised, with the numbers behind it.
    ReadAdvisories,
    /// Read what a seat holds, so that somebody else can take it over.
    ReadHandover,
    /// Read what both teams need to know before a joint call.
    ReadBriefing,
    /// Read when a partner is pulled into a deal.
    ReadCosellTriggers,
    /// Read which open deals that is while no partner is on them.
    ReadCosellTriggered,
    /// Set it.
    ManageCosellTriggers,
    /// Read strategic alliances: sponsors, targets, the joint open pipeline.
    ReadAlliances,
    /// Read the open pipeline of an alliance: of one deal it would be that deal's amount.
    ReadAlliancePipeline,
    /// Agree and review them.
    ManageAlliances,
    /// Read whether a partner may ask for market development funds, with its committed pipeline.
    ReadMdfAccess,
}
