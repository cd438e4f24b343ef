/**
 * The 7 resources of the `fhir` kind, in the shape of FHIR R4 (hl7.org/fhir/R4) as
 * far as sizes and repetitions matter; not validated. See clinic-events.ts.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { drawPhone, measured } from "./clinic-people.ts";
import { drugs, eventTypes, iso, note, pickCommon, staff, vaccines } from "./clinic-records.ts";
import type { Clinic, Fields, Shape } from "./clinic-records.ts";
import { drawUuid } from "./random.ts";

const { registration, visit, laboratory, prescription, immunisation } = eventTypes;

/** Code, name, unit, and what a measurement of a patient comes out as. */
type Loinc = readonly [string, string, string, (clinic: Clinic) => number];

const heartRate: Loinc = [
  "8867-4",
  "Heart rate",
  "/min",
  ({ random, encounter }) => measured(random, encounter.patient.pulse, { step: 2, spread: 4 }),
];
const bodyTemperature: Loinc = [
  "8310-5",
  "Body temperature",
  "Cel",
  ({ random, encounter }) => measured(random, encounter.illness.tempC, { step: 0.1, spread: 4 }),
];
const oxygenSaturation: Loinc = [
  "2708-6",
  "Oxygen saturation in Arterial blood",
  "%",
  ({ random }) => pickCommon(random, [98, 97, 99, 96, 95, 93]),
];
const haemoglobin: Loinc = [
  "718-7",
  "Hemoglobin [Mass/volume] in Blood",
  "g/dL",
  ({ random, encounter }) => measured(random, encounter.patient.hbGPerDl, { step: 0.1, spread: 5 }),
];
const leukocytes: Loinc = [
  "6690-2",
  "Leukocytes [#/volume] in Blood by Automated count",
  "10*3/uL",
  ({ random }) => measured(random, 7.4, { step: 0.1, spread: 20 }),
];

function coding(system: string, code: string, display: string): Fields {
  return { coding: [{ system, code, display }], text: display };
}

function resource(
  clinic: Clinic,
  resourceType: string,
  { profile = resourceType, id = drawUuid(clinic.random) } = {},
): Fields {
  return {
    resourceType,
    id,
    meta: {
      versionId: "1",
      lastUpdated: iso(clinic.nowMs),
      source: "urn:bhu:kabisa",
      profile: [`http://hl7.org/fhir/StructureDefinition/${profile}`],
      security: [
        {
          system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
          code: "N",
          display: "normal",
        },
      ],
    },
    text: {
      status: "generated",
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${resourceType}: ${note(clinic)}</p></div>`,
    },
  };
}

function reference(clinic: Clinic): Fields {
  const { patient } = clinic.encounter;
  return {
    reference: `Patient/${patient.uuid}`,
    identifier: { system: "https://health.gov.bt/patient", value: patient.id },
    display: patient.name,
  };
}

function performer(random: SeededRandom): Fields[] {
  return [
    {
      reference: `Practitioner/${pickCommon(random, staff)}`,
      display: "Health assistant, BHU Kabisa",
    },
  ];
}

function fhirIcd({ encounter: { illness } }: Clinic): Fields {
  return coding("http://hl7.org/fhir/sid/icd-10", illness.icd10, illness.text);
}

function component(clinic: Clinic, [code, display, unit, value]: Loinc): Fields {
  return {
    code: coding("http://loinc.org", code, display),
    valueQuantity: {
      value: value(clinic),
      unit,
      system: "http://unitsofmeasure.org",
      code: unit,
    },
  };
}

/** The 7 resources of the `fhir` kind. */
export const fhirShapes: readonly Shape[] = [
  {
    type: visit,
    weight: 5,
    who: "present",
    fields: (c, r) => ({
      ...resource(c, "Observation", { profile: "vitalsigns" }),
      status: "final",
      category: [
        coding(
          "http://terminology.hl7.org/CodeSystem/observation-category",
          "vital-signs",
          "Vital Signs",
        ),
      ],
      code: coding(
        "http://loinc.org",
        "85353-1",
        "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel",
      ),
      subject: reference(c),
      effectiveDateTime: iso(c.nowMs),
      performer: performer(r),
      component: [heartRate, bodyTemperature, oxygenSaturation].map((measure) =>
        component(c, measure),
      ),
    }),
  },
  {
    type: visit,
    weight: 3,
    who: "next",
    fields: (c, r) => ({
      ...resource(c, "Encounter", { id: c.encounter.id }),
      status: "finished",
      class: {
        system: "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        code: "AMB",
        display: "ambulatory",
      },
      subject: reference(c),
      participant: [
        {
          individual: performer(r)[0],
          period: { start: iso(c.nowMs), end: iso(c.nowMs + 900_000) },
        },
      ],
      period: { start: iso(c.nowMs), end: iso(c.nowMs + 1_200_000) },
      reasonCode: [fhirIcd(c), { text: note(c) }],
      diagnosis: [{ condition: { reference: `Condition/${drawUuid(r)}` }, rank: 1 }],
      serviceProvider: { reference: "Organization/bhu-kabisa", display: "BHU Kabisa, Punakha" },
    }),
  },
  {
    type: visit,
    weight: 3,
    who: "present",
    fields: (c, r) => ({
      ...resource(c, "Condition"),
      clinicalStatus: coding(
        "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "active",
        "Active",
      ),
      verificationStatus: coding(
        "http://terminology.hl7.org/CodeSystem/condition-ver-status",
        "confirmed",
        "Confirmed",
      ),
      severity: coding("http://snomed.info/sct", "255604002", "Mild"),
      code: fhirIcd(c),
      subject: reference(c),
      encounter: { reference: `Encounter/${c.encounter.id}` },
      onsetDateTime: iso(c.nowMs - 172_800_000),
      recordedDate: iso(c.nowMs),
      recorder: performer(r)[0],
      note: [{ time: iso(c.nowMs), text: note(c) }],
    }),
  },
  {
    type: prescription,
    weight: 3,
    who: "present",
    fields: (c, r) => {
      const [position, days] = c.encounter.illness.rx[0] ?? [0, 3];
      const [name, dose] = drugs[position] ?? drugs[0];
      return {
        ...resource(c, "MedicationRequest"),
        status: "active",
        intent: "order",
        medicationCodeableConcept: coding(
          "https://health.gov.bt/edl",
          name.slice(0, 4).toUpperCase(),
          name,
        ),
        subject: reference(c),
        encounter: { reference: `Encounter/${c.encounter.id}` },
        authoredOn: iso(c.nowMs),
        requester: performer(r)[0],
        reasonCode: [fhirIcd(c)],
        dosageInstruction: [
          {
            sequence: 1,
            text: dose,
            timing: { repeat: { frequency: r.between(1, 3), period: 1, periodUnit: "d" } },
            doseAndRate: [{ doseQuantity: { value: 1, unit: "dose" } }],
          },
        ],
        dispenseRequest: {
          quantity: { value: 3 * days, unit: "tab" },
          expectedSupplyDuration: { value: days, unit: "d" },
        },
      };
    },
  },
  {
    type: immunisation,
    weight: 2,
    who: "next",
    fields: (c, r) => {
      const vaccine = r.pick(vaccines);
      return {
        ...resource(c, "Immunization"),
        status: "completed",
        vaccineCode: coding(
          "http://hl7.org/fhir/sid/cvx",
          String(19 + vaccines.indexOf(vaccine)),
          vaccine,
        ),
        patient: reference(c),
        encounter: { reference: `Encounter/${c.encounter.id}` },
        occurrenceDateTime: iso(c.nowMs),
        primarySource: true,
        lotNumber: pickCommon(r, ["VX2041", "VX2043", "VX2047"]),
        expirationDate: "2027-06-28",
        site: coding("http://terminology.hl7.org/CodeSystem/v3-ActSite", "LA", "left arm"),
        route: coding(
          "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration",
          "IM",
          "Injection, intramuscular",
        ),
        doseQuantity: { value: 0.5, unit: "ml" },
        performer: [{ actor: performer(r)[0] }],
        protocolApplied: [{ series: "EPI", doseNumberPositiveInt: r.between(1, 3) }],
        note: [{ text: note(c) }],
      };
    },
  },
  {
    type: laboratory,
    weight: 2,
    who: "present",
    fields: (c, r) => ({
      ...resource(c, "DiagnosticReport"),
      status: "final",
      category: [coding("http://terminology.hl7.org/CodeSystem/v2-0074", "HM", "Hematology")],
      code: coding("http://loinc.org", "58410-2", "CBC panel - Blood by Automated count"),
      subject: reference(c),
      encounter: { reference: `Encounter/${c.encounter.id}` },
      effectiveDateTime: iso(c.nowMs - 3_600_000),
      issued: iso(c.nowMs),
      performer: performer(r),
      contained: [
        { resourceType: "Observation", status: "final", ...component(c, haemoglobin) },
        { resourceType: "Observation", status: "final", ...component(c, leukocytes) },
      ],
      conclusion: note(c),
    }),
  },
  {
    type: registration,
    weight: 1,
    who: "new",
    fields: (c, r) => ({
      ...resource(c, "Patient", { id: c.encounter.patient.uuid }),
      identifier: [
        {
          use: "official",
          system: "https://health.gov.bt/patient",
          value: c.encounter.patient.id,
        },
        {
          use: "secondary",
          system: "https://health.gov.bt/household",
          value: `HH-${r.between(1, 9_999)}`,
        },
      ],
      active: true,
      name: [{ use: "official", text: c.encounter.patient.name }],
      telecom: [{ system: "phone", value: c.encounter.patient.phone, use: "mobile", rank: 1 }],
      gender: c.encounter.patient.sex === "f" ? "female" : "male",
      birthDate: `${c.encounter.patient.birthYear}-01-01`,
      address: [
        {
          use: "home",
          type: "physical",
          line: [`House ${r.between(1, 240)}`],
          village: c.encounter.patient.village,
          district: "Punakha",
          state: "Punakha Dzongkhag",
          country: "BT",
          period: { start: "2019-03-01" },
        },
      ],
      contact: [
        {
          relationship: [
            coding("http://terminology.hl7.org/CodeSystem/v2-0131", "N", "Next-of-Kin"),
          ],
          telecom: [{ system: "phone", value: drawPhone(r) }],
        },
      ],
      communication: [
        { language: coding("urn:ietf:bcp:47", "dz", "Dzongkha"), preferred: true },
        { language: coding("urn:ietf:bcp:47", "en", "English") },
      ],
      managingOrganization: {
        reference: "Organization/bhu-kabisa",
        display: "BHU Kabisa, Punakha",
      },
    }),
  },
];
